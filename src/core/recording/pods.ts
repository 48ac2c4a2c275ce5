import type { SeccompRecordingStatus } from '../api/seccomp-recording.ts';
import type { ContainerFilter } from '../uses/container-filters.ts';
import { covers, type Target } from './targets.ts';

/** A Pod, as far as a recording looks at it. */
export interface RecordedPod {
  /** `namespace/name`. */
  readonly pod: string;
  readonly node: string;
  /** Those that run. */
  readonly containers: readonly { readonly id: string; readonly startedAt: number }[];
  readonly filters: readonly ContainerFilter[];
}

export type MustRestart = NonNullable<SeccompRecordingStatus['mustRestart']>;
type Restart = MustRestart['pods'][number];

/** Whether a selected Pod is recorded; if not, because it has not started, or because somebody has to restart it. */
export type Standing = 'Recorded' | 'Starting' | Restart;

const MAX_NAMED = 10;

/** `madeAt`: when a profile of ours came to be, by its name; a container that started before has another file. */
export function standingOf(
  pod: RecordedPod,
  targets: readonly Target[],
  madeAt: ReadonlyMap<string, number>,
): Standing {
  const unnamed = unnamedIn(pod, targets);
  if (unnamed !== undefined) return { pod: pod.pod, reason: 'ProfileNotNamed', message: unnamed };
  const starts = targets.flatMap(target =>
    startsUnder(pod, target).map(at => ({ at, madeAt: madeAt.get(target.profile) ?? 0 })),
  );
  if (starts.length === 0) return 'Starting';
  if (starts.every(each => each.at >= each.madeAt)) return 'Recorded';
  const message = 'it started before this recording had made the profile: restart it';
  return { pod: pod.pod, reason: 'StartedBefore', message };
}

/** Of Pods that name the profile: those that have the filter it had until then. */
export function leftBehind(pods: Iterable<RecordedPod>, target: Target, until: number): Restart[] {
  const message = `it still has the filter that logs every call: restart it, then ${target.file} is tried`;
  return [...pods]
    .filter(pod => startsUnder(pod, target).some(at => at < until))
    .map(({ pod }) => ({ pod, reason: 'StartedWhileRecording', message }));
}

export function mustRestart(restarts: readonly Restart[]): MustRestart | undefined {
  if (restarts.length === 0) return undefined;
  const sorted = restarts.toSorted((a, b) => (a.pod < b.pod ? -1 : 1));
  return { total: restarts.length, pods: sorted.slice(0, MAX_NAMED) };
}

/** When its containers under the profile started. */
function startsUnder({ filters, containers }: RecordedPod, target: Target): number[] {
  const ids = filters.filter(each => isUnder(each, target)).flatMap(each => each.ids);
  return containers.filter(({ id }) => ids.includes(id)).map(({ startedAt }) => startedAt);
}

const isUnder = ({ container, file }: ContainerFilter, target: Target): boolean =>
  file === target.file && covers(target, container);

/** What the Pod's author has to write; nothing where each container that is to be recorded names its profile. */
function unnamedIn({ filters }: RecordedPod, targets: readonly Target[]): string | undefined {
  for (const target of targets) {
    const { containers = [], file } = target;
    const missing = filters.filter(each => containers.includes(each.container) && !isUnder(each, target));
    if (missing.length) return toName(file, `of container ${missing.map(({ container }) => container).join(', ')}`);
  }
  if (filters.some(each => targets.some(target => isUnder(each, target)))) return undefined;
  const [{ file, containers } = { file: '', containers: undefined }] = targets;
  if (!containers) return toName(file, 'of the Pod or a container');
  return `it has no container ${targets.flatMap(each => each.containers ?? []).join(', ')}: see spec.containers`;
}

const toName = (file: string, where: string): string =>
  `set securityContext.seccompProfile ${where} to {type: Localhost, localhostProfile: ${file}} in its template`;
