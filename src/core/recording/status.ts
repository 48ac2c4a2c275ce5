import type { Condition, SeccompRecordingStatus } from '../api/seccomp-recording.ts';
import { mergeConditions, type StatedCondition } from '../status/conditions.ts';
import { counted, cut, nameList } from '../status/name-list.ts';
import { callCount } from './calls.ts';
import { type Evidence, evidenceText, type FollowedNode, isLossless } from './evidence.ts';
import type { MustRestart } from './pods.ts';
import type { State, Times } from './state.ts';

export type RecordedProfile = NonNullable<SeccompRecordingStatus['profiles']>[number];

/** Why it cannot go on: until somebody acts, or for now. */
export interface Obstacle {
  readonly is: 'Stalled' | 'Reconciling';
  readonly reason: string;
  readonly message: string;
}

export interface RecordingFacts {
  readonly generation: number;
  readonly state: State;
  readonly times: Times;
  readonly obstacle: Obstacle | undefined;
  /** Nodes with recorded Pods whose records are not read. */
  readonly blind: readonly string[];
  readonly pods: { readonly selected: number; readonly recorded: number };
  readonly mustRestart: MustRestart | undefined;
  readonly profiles: readonly RecordedProfile[];
  readonly nodes: readonly FollowedNode[];
  readonly evidence: Evidence;
}

/** The status to write. `previous` gives the times of conditions that did not change. */
export function recordingStatus(
  facts: RecordingFacts,
  previous: SeccompRecordingStatus | undefined,
  now: Date,
): SeccompRecordingStatus {
  const { generation, pods, mustRestart, profiles, nodes, evidence, times } = facts;
  return {
    observedGeneration: generation,
    state: isStalled(facts) ? 'Stalled' : facts.state,
    ...times,
    pods: { ...pods, summary: `${pods.recorded}/${pods.selected}` },
    ...(mustRestart ? { mustRestart } : {}),
    calls: callCount(profiles.map(({ recorded = [] }) => recorded)),
    profileNames: nameList(profiles.map(({ name }) => name)),
    profiles: [...profiles],
    evidence,
    ...(nodes.length ? { nodes: [...nodes] } : {}),
    conditions: mergeConditions((previous?.conditions ?? []) as Condition[], conditionsOf(facts), generation, now),
  };
}

const isStalled = ({ obstacle, state }: RecordingFacts): boolean => obstacle?.is === 'Stalled' && state !== 'Complete';

function conditionsOf(facts: RecordingFacts): StatedCondition[] {
  const ready = readyOf(facts);
  const obstacle = facts.state === 'Complete' ? undefined : facts.obstacle;
  return [
    ready,
    completeOf(facts, ready),
    ...(facts.times.startTime ? [losslessOf(facts)] : []),
    ...(obstacle ? [{ ...ready, type: obstacle.is, status: 'True' } as const] : []),
  ];
}

function readyOf(facts: RecordingFacts): StatedCondition {
  const { obstacle, blind, state } = facts;
  const say = (status: 'True' | 'False', reason: string, message: string): StatedCondition => ({
    type: 'Ready',
    status,
    reason,
    message: cut(message, 1024),
  });
  if (state === 'Complete') return say('True', 'Complete', completeText(facts));
  if (obstacle) return say('False', obstacle.reason, obstacle.message);
  if (blind.length)
    return say(
      'False',
      'NodesNotWatched',
      `no records from ${nameList(blind)}, where selected Pods run: see VIOLATIONS of kubectl get seccompnodes`,
    );
  if (state === 'Finishing') return say('True', 'Finishing', 'stopped; the last reports of nodes come in within 70 s');
  const reason = state === 'Waiting' ? 'WaitingForPods' : 'Recording';
  return say('True', reason, progressText(facts));
}

function progressText({ state, pods, profiles, mustRestart }: RecordingFacts): string {
  const restart = mustRestart ? `; ${restartText(mustRestart)}` : '';
  if (state === 'Recording') {
    const calls = callCount(profiles.map(({ recorded = [] }) => recorded));
    return `recorded are ${pods.recorded} of ${counted(pods.selected, 'selected Pod')}, ${counted(calls, 'call')} so far${restart}`;
  }
  const files = nameList(profiles.map(({ localhostProfile }) => localhostProfile));
  if (pods.selected === 0) return `no Pod is selected yet; Pods are recorded when they name ${files}`;
  return `no Pod runs under ${files} yet${restart}`;
}

function restartText({ total, pods }: MustRestart): string {
  const [first] = pods;
  const names = nameList(pods.map(({ pod }) => pod)) + (total > pods.length ? ', ...' : '');
  return `${counted(total, 'Pod')} not: ${names}: ${first?.message}`;
}

function completeText({ profiles, mustRestart }: RecordingFacts): string {
  const said = profiles.map(outcomeText).join('; ');
  if (!mustRestart) return said;
  const names = nameList(mustRestart.pods.map(({ pod }) => pod));
  return `${said}; still under the filter that logs: ${counted(mustRestart.total, 'Pod')}, restart ${names}`;
}

function outcomeText({ name, outcome, recorded = [] }: RecordedProfile): string {
  if (outcome === 'Written') return `${name} holds ${counted(callCount([recorded]), 'recorded call')}, in mode Audit`;
  if (outcome === 'Kept')
    return `${name} was changed or removed by somebody, so it was left as it is; what was recorded is in status.profiles`;
  return `nothing was recorded for ${name}: it goes on logging; delete it, or record again under another name`;
}

function completeOf({ state }: RecordingFacts, { message, reason }: StatedCondition): StatedCondition {
  return { type: 'Complete', status: state === 'Complete' ? 'True' : 'False', reason, message };
}

function losslessOf({ evidence, nodes }: RecordingFacts): StatedCondition {
  if (isLossless(evidence))
    return { type: 'Lossless', status: 'True', reason: 'NothingMissed', message: 'every record was read' };
  const where = nodes.filter(({ lost, unattributed, interruptions }) => lost + unattributed + interruptions > 0);
  const on = where.length ? ` on ${nameList(where.map(({ name }) => name))}` : '';
  const message = `${evidenceText(evidence)}${on}: a call that was made only then is missing; let it go on, so that it is made again`;
  return { type: 'Lossless', status: 'False', reason: 'RecordsMissed', message: cut(message, 1024) };
}
