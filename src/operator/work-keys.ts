import type { WorkQueue } from '../kube/work-queue.ts';

/** What there is to do, by key: a key that is added again while it waits is done once. */
export const AGENT_KEY = 'agent';
export const ALL_KEY = 'all profiles';
export const BUNDLES_KEY = 'bundles';
export const PROFILE_KEY = 'profile/';
export const NODE_KEY = 'node/';
export const ROLLOUT_KEY = 'rollout/';
export const RECORDING_KEY = 'recording/';
export const profileKey = (name: string) => PROFILE_KEY + name;
export const nodeKey = (name: string) => NODE_KEY + name;
export const rolloutKey = (name: string) => ROLLOUT_KEY + name;
export const recordingKey = (name: string) => RECORDING_KEY + name;

/** What a list shows is looked at after what has just changed. */
export function addAs(initial: boolean, queue: WorkQueue, key: string): void {
  if (initial) queue.addResync(key);
  else queue.add(key);
}

export function addIn(queue: WorkQueue, key: string, ms: number): void {
  if (ms > 0) queue.addAfter(key, ms);
  else queue.add(key);
}
