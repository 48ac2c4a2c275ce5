import { isDeepStrictEqual } from 'node:util';
import type { SeccompRecording, SeccompRecordingStatus } from '../core/api/seccomp-recording.ts';
import { GROUP, RECORDING_PLURAL, VERSION } from '../core/names.ts';
import { callCount } from '../core/recording/calls.ts';
import { basisText, evidenceOf, type FollowedNode, followNodes, isFull } from '../core/recording/evidence.ts';
import { leftBehind, type MustRestart, mustRestart, standingOf } from '../core/recording/pods.ts';
import { endsInMs, finishInMs, stateOf, type Times, timesAt } from '../core/recording/state.ts';
import { type Obstacle, type RecordedProfile, type RecordingFacts, recordingStatus } from '../core/recording/status.ts';
import { type Target, targetsOf } from '../core/recording/targets.ts';
import type { NodeViolations } from '../core/violations/report.ts';
import { isRefusal } from '../kube/errors.ts';
import { removed } from '../kube/merge-patch.ts';
import { resourcePath } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';
import type { PodUse, PodUses } from './pod-uses.ts';
import type { RecordedPods } from './recorded-pods.ts';
import { type RecordedProfiles, refused } from './recorded-profiles.ts';

export interface RecordingReconcilerOptions {
  readonly transport: Transport;
  readonly made: RecordedProfiles;
  readonly uses: PodUses;
  readonly pods: RecordedPods;
  readonly violationsOn: (node: string) => NodeViolations | undefined;
  readonly countsViolations: () => boolean;
  /** Told of each status that was written. */
  readonly tell: (recording: SeccompRecording, previous: SeccompRecordingStatus, next: SeccompRecordingStatus) => void;
  readonly now: () => number;
}

/** Pods and reports come in crowds: one recording is looked at this often at most, */
const CALM_MS = 1_000;
/** and this often at least while it records: Pods that do not name its profile are not followed, but listed. */
const LOOK_MS = 10_000;

const DISABLED: Obstacle = {
  is: 'Stalled',
  reason: 'ViolationsDisabled',
  message:
    'nothing reads the records of calls: set violations.enabled to true in agent.yaml of ConfigMap seccomp-operator in namespace seccomp-operator',
};

/** Of the nodes where recorded Pods run. */
type Seen = Pick<RecordingFacts, 'nodes' | 'evidence' | 'blind'>;

/** Brings recordings on, each from what its status says: a process that is killed leaves nothing behind but a second step. */
export class RecordingReconciler {
  readonly #options: RecordingReconcilerOptions;
  readonly #lookedAt = new Map<string, number>();

  constructor(options: RecordingReconcilerOptions) {
    this.#options = options;
  }

  /** Milliseconds after which it is to be looked at again, whatever happens; undefined: something has to happen. */
  async reconcile(recording: SeccompRecording): Promise<number | undefined> {
    const { name } = recording.metadata;
    const now = this.#options.now();
    const early = (this.#lookedAt.get(name) ?? Number.NEGATIVE_INFINITY) + CALM_MS - now;
    if (early > 0) return early;
    this.#lookedAt.set(name, now);
    const isComplete = recording.status?.state === 'Complete';
    const facts = isComplete ? this.#afterwards(recording) : await this.#step(recording);
    await this.#save(recording, facts);
    return facts.state === 'Complete' ? undefined : nextLookMs(recording, facts);
  }

  forget(name: string): void {
    this.#lookedAt.delete(name);
    this.#options.pods.forget(name);
  }

  async #step(recording: SeccompRecording): Promise<RecordingFacts> {
    const { metadata, spec, status = {} } = recording;
    const now = new Date();
    const targets = targetsOf(recording);
    const preparing = status.endTime ? undefined : await this.#prepare(recording, targets);
    const pods = await this.#options.pods.select(recording);
    const madeAt = new Map(targets.map(({ profile }) => [profile, this.#options.made.madeAt(profile) ?? 0]));
    const standings = pods.map(pod => standingOf(pod, targets, madeAt));
    const recorded = pods.filter((_, at) => standings[at] === 'Recorded');
    const times = timesAt(status, spec, recorded.length, now);
    const seen = this.#follow(status.nodes ?? [], recorded);
    const gathered = this.#options.pods.gather(recording, targets, madeAt);
    // What was recorded until then is kept, whatever is switched off after the end.
    const isRead = times.endTime !== undefined || this.#options.countsViolations();
    const before = isRead ? preparing : (stalled(preparing) ?? DISABLED);
    const isOver = finishInMs(times, now) === 0 && before?.is !== 'Stalled';
    const { profiles, obstacle = before } = isOver
      ? await this.#finish(recording, gathered, times, seen)
      : { profiles: gathered };
    const isWritten = isOver && obstacle?.is !== 'Stalled';
    const restarts = standings.filter(each => typeof each === 'object');
    return {
      ...seen,
      generation: metadata.generation ?? 0,
      state: stateOf(times, isWritten),
      times,
      obstacle: times.startTime ? stalled(obstacle) : obstacle,
      pods: { selected: pods.length, recorded: recorded.length },
      mustRestart: isWritten ? this.#leftBehind(targets) : mustRestart(restarts),
      profiles,
    };
  }

  async #finish(
    recording: SeccompRecording,
    profiles: RecordedProfile[],
    times: Times,
    { nodes, evidence }: Seen,
  ): Promise<{ readonly profiles: RecordedProfile[]; readonly obstacle?: Obstacle }> {
    const finish = (profile: RecordedProfile) => {
      const calls = callCount([profile.recorded ?? []]);
      return this.#options.made.finish(recording, profile, basisText(calls, times, nodes.length, evidence));
    };
    try {
      return { profiles: await Promise.all(profiles.map(finish)) };
    } catch (error) {
      if (isRefusal(error)) return { profiles, obstacle: refused(recording.metadata.name, error) };
      throw error;
    }
  }

  /** Complete is final; what remains to be told is which Pods still have the filter that logs. */
  #afterwards(recording: SeccompRecording): RecordingFacts {
    const { metadata, status = {} } = recording;
    const { startTime, endTime, profiles = [], nodes = [] } = status;
    const { selected = 0, recorded = 0 } = status.pods ?? {};
    return {
      generation: metadata.generation ?? 0,
      state: 'Complete',
      times: { ...(startTime ? { startTime } : {}), ...(endTime ? { endTime } : {}) },
      obstacle: undefined,
      blind: [],
      pods: { selected, recorded },
      mustRestart: this.#leftBehind(targetsOf(recording)),
      profiles,
      nodes,
      evidence: status.evidence ?? evidenceOf([], 0),
    };
  }

  #leftBehind(targets: readonly Target[]): MustRestart | undefined {
    const restarts = targets.flatMap(target => {
      const until = this.#options.made.recordedAt(target.profile);
      return until === undefined ? [] : leftBehind(this.#options.uses.of(target.profile), target, until);
    });
    return mustRestart(restarts);
  }

  /** The first obstacle of all; what somebody has to do something about comes before what passes. */
  async #prepare(recording: SeccompRecording, targets: readonly Target[]): Promise<Obstacle | undefined> {
    const obstacles = await Promise.all(targets.map(target => this.#options.made.prepare(recording, target)));
    return obstacles.find(each => each?.is === 'Stalled') ?? obstacles.find(each => each);
  }

  #follow(before: readonly FollowedNode[], recorded: readonly PodUse[]): Seen {
    const { violationsOn } = this.#options;
    const byNode = Map.groupBy(recorded, ({ node }) => node);
    const seen = [...byNode].map(([name, pods]) => ({
      name,
      report: violationsOn(name),
      firstStart: Math.min(...pods.flatMap(({ containers }) => containers.map(({ startedAt }) => startedAt))),
    }));
    const nodes = followNodes(before, seen);
    const others = [...byNode.keys()].filter(name => !nodes.some(each => each.name === name));
    return {
      nodes,
      evidence: evidenceOf(nodes, isFull(nodes) ? others.length : 0),
      blind: [...byNode.keys()].filter(name => violationsOn(name)?.state !== 'Watching').sort(),
    };
  }

  async #save(recording: SeccompRecording, facts: RecordingFacts): Promise<void> {
    const previous = recording.status ?? {};
    const next = recordingStatus(facts, recording.status, new Date());
    if (isDeepStrictEqual(previous, next)) return;
    const { name, resourceVersion } = recording.metadata;
    const path = resourcePath({ group: GROUP, version: VERSION, plural: RECORDING_PLURAL, name });
    await this.#options.transport.request('PATCH', `${path}/status`, {
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion }, status: { ...removed(previous, next), ...next } },
    });
    this.#options.tell(recording, previous, next);
  }
}

const stalled = (obstacle: Obstacle | undefined): Obstacle | undefined =>
  obstacle?.is === 'Stalled' ? obstacle : undefined;

function nextLookMs({ spec }: SeccompRecording, { times, obstacle }: RecordingFacts): number {
  const now = new Date();
  if (obstacle?.is === 'Stalled') return LOOK_MS;
  return Math.max(CALM_MS, Math.min(LOOK_MS, endsInMs(times, spec, now), finishInMs(times, now)));
}
