import type { SeccompRecording } from '../api/seccomp-recording.ts';
import { localhostProfile } from '../profile/file-name.ts';

/** A profile that a recording makes. */
export interface Target {
  readonly profile: string;
  /** What Pods name. */
  readonly file: string;
  /** Containers that it is made of; undefined: all that name it. */
  readonly containers: readonly string[] | undefined;
}

type Recording = Pick<SeccompRecording, 'metadata' | 'spec'>;

export function targetsOf({ metadata: { name }, spec: { containers, profiles = 'Merged' } }: Recording): Target[] {
  if (profiles === 'Merged') return [target(name, containers)];
  return (containers ?? []).map(container => target(`${name}-${container}`, [container]));
}

const target = (profile: string, containers: readonly string[] | undefined): Target => ({
  profile,
  file: localhostProfile(profile),
  containers,
});

/** Whether this container's calls are to come into the profile, if it names it. */
export const covers = ({ containers }: Target, container: string): boolean =>
  containers === undefined || containers.includes(container);
