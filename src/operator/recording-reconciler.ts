import { isDeepStrictEqual } from 'node:util';
import type { SeccompRecording, SeccompRecordingStatus } from '../core/api/seccomp-recording.ts';
import { GROUP, RECORDING_PLURAL, VERSION } from '../core/names.ts';
import { callCount, isLeftOut, withCalls, withLeftOut } from '../core/recording/calls.ts';
import { basisText, evidenceOf, type FollowedNode, followNodes, isFull } from '../core/recording/evidence.ts';
import { leftBehind, mustRestart, standingOf } from '../core/recording/pods.ts';
import { selectorText } from '../core/recording/selector.ts';
import { endsInMs, finishInMs, stateOf, timesAt } from '../core/recording/state.ts';
import { type Obstacle, type RecordedProfile, type RecordingFacts, recordingStatus } from '../core/recording/status.ts';
import { covers, type Target, targetsOf } from '../core/recording/targets.ts';
import { filterOf } from '../core/uses/container-filters.ts';
import { LOGGED } from '../core/violations/call.ts';
import { callsIn, type NodeViolation, type NodeViolations } from '../core/violations/report.ts';
import { listEach } from '../kube/list.ts';
import { removed } from '../kube/merge-patch.ts';
import { resourcePath } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';
import type { PodIndex } from './pod-index.ts';
import { type Pod, type PodUse, type PodUses, podUse, UNFINISHED_PODS } from './pod-uses.ts';
import type { RecordedProfiles } from './recorded-profiles.ts';

export interface RecordingReconcilerOptions {
  readonly transport: Transport;
  readonly made: RecordedProfiles;
  readonly uses: PodUses;
  /** Pods that name a profile of ours, also those that ended a moment ago. */
  readonly pods: PodIndex;
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

/** Selected Pods, by the UID that nodes know them by, with their node. */
type Selected = ReadonlyMap<string, string>;

/** Brings recordings on, each from what its status says: a process that is killed leaves nothing behind but a second step. */
export class RecordingReconciler {
  readonly #options: RecordingReconcilerOptions;
  readonly #lookedAt = new Map<string, number>();
  /** Also those that ended a moment ago, of which reports may still come. */
  readonly #selected = new Map<string, Selected>();

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
    this.#selected.delete(name);
  }

  async #step(recording: SeccompRecording): Promise<RecordingFacts> {
    const { metadata, spec, status = {} } = recording;
    const { countsViolations, violationsOn } = this.#options;
    const now = new Date();
    const targets = targetsOf(recording);
    const preparing = status.endTime ? undefined : await this.#prepare(recording, targets);
    const pods = await this.#select(recording);
    const madeAt = new Map(targets.map(({ profile }) => [profile, this.#options.made.madeAt(profile) ?? 0]));
    const standings = pods.map(pod => ({ pod, standing: standingOf(pod, targets, madeAt) }));
    const recorded = standings.filter(each => each.standing === 'Recorded').map(({ pod }) => pod);
    const times = timesAt(status, spec, recorded.length, now);
    const nodes = this.#follow(status.nodes ?? [], recorded);
    const running = new Set(recorded.map(({ node }) => node));
    const followed = new Set(nodes.map(each => each.name));
    const evidence = evidenceOf(nodes, isFull(nodes) ? running.difference(followed).size : 0);
    const profiles = this.#gather(recording, targets, madeAt);
    const obstacle = countsViolations() ? preparing : (stalled(preparing) ?? DISABLED);
    const isOver = finishInMs(times, now) === 0 && obstacle?.is !== 'Stalled';
    const finish = (each: RecordedProfile) => {
      const calls = callCount([each.recorded ?? []]);
      return this.#options.made.finish(recording, each, basisText(calls, times, nodes.length, evidence));
    };
    const finished = isOver ? await Promise.all(profiles.map(finish)) : profiles;
    const blind = [...running].filter(node => violationsOn(node)?.state !== 'Watching').sort();
    const restarts = standings.flatMap(({ standing }) => (typeof standing === 'object' ? [standing] : []));
    return {
      generation: metadata.generation ?? 0,
      state: stateOf(times, isOver),
      times,
      obstacle: times.startTime ? stalled(obstacle) : obstacle,
      blind,
      pods: { selected: pods.length, recorded: recorded.length },
      mustRestart: isOver ? this.#leftBehind(targets) : mustRestart(restarts),
      profiles: finished,
      nodes,
      evidence,
    };
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

  #leftBehind(targets: readonly Target[]) {
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

  async #select({ metadata: { name }, spec }: SeccompRecording): Promise<PodUse[]> {
    const query = { labelSelector: selectorText(spec.podSelector), fieldSelector: UNFINISHED_PODS };
    const lists = spec.namespaces.map(namespace =>
      listEach(
        this.#options.transport,
        resourcePath({ group: '', version: 'v1', plural: 'pods', namespace }),
        (pod: Pod) => [podUse(pod)],
        query,
      ),
    );
    const pods = (await Promise.all(lists)).flat();
    const before = [...(this.#selected.get(name) ?? [])].filter(([uid]) => this.#options.pods.get(uid));
    this.#selected.set(name, new Map([...before, ...pods.map(({ nodeUid, node }) => [nodeUid, node] as const)]));
    return pods;
  }

  #follow(before: readonly FollowedNode[], recorded: readonly PodUse[]): FollowedNode[] {
    const byNode = Map.groupBy(recorded, ({ node }) => node);
    const seen = [...byNode].map(([name, pods]) => ({
      name,
      report: this.#options.violationsOn(name),
      firstStart: Math.min(...pods.flatMap(({ containers }) => containers.map(({ startedAt }) => startedAt))),
    }));
    return followNodes(before, seen);
  }

  #gather(
    { metadata, status = {} }: SeccompRecording,
    targets: readonly Target[],
    madeAt: ReadonlyMap<string, number>,
  ): RecordedProfile[] {
    const selected = this.#selected.get(metadata.name) ?? new Map<string, string>();
    const calls = new Map(targets.map(({ profile }) => [profile, [] as NodeViolation[]]));
    for (const node of new Set(selected.values())) {
      for (const entry of callsIn(this.#options.violationsOn(node) ?? { entries: [] })) {
        const target = selected.has(entry.podUID) ? this.#targetOf(node, entry, targets, madeAt) : undefined;
        if (target) calls.get(target.profile)?.push(entry);
      }
    }
    return targets.map(({ profile: name, file }) => {
      const { recorded: before = [], leftOut: out = [] } = status.profiles?.find(each => each.name === name) ?? {};
      const { true: left = [], false: taken = [] } = Object.groupBy(
        calls.get(name) ?? [],
        each => `${isLeftOut(each)}`,
      );
      const recorded = withCalls(before, taken);
      const leftOut = withLeftOut(out, left, recorded);
      return {
        name,
        localhostProfile: file,
        outcome: 'Pending',
        ...(recorded.length ? { recorded } : {}),
        ...(leftOut.length ? { leftOut } : {}),
      };
    });
  }

  /** A node speaks for its own Pods, and a container of the filter it started with. */
  #targetOf(
    node: string,
    { podUID, containerID, action, firstTime }: NodeViolation,
    targets: readonly Target[],
    madeAt: ReadonlyMap<string, number>,
  ): Target | undefined {
    const pod = this.#options.pods.get(podUID);
    const filter = pod?.node === node && action === LOGGED ? filterOf(pod.filters, containerID) : undefined;
    const target = targets.find(each => each.file === filter?.file);
    if (!target || !filter || (filter.container !== undefined && !covers(target, filter.container))) return undefined;
    const startedAt = pod?.containers.find(({ id }) => id === containerID)?.startedAt ?? Date.parse(firstTime);
    return startedAt >= (madeAt.get(target.profile) ?? 0) ? target : undefined;
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

function nextLookMs({ spec }: SeccompRecording, { times }: RecordingFacts): number {
  const now = new Date();
  return Math.max(CALM_MS, Math.min(LOOK_MS, endsInMs(times, spec, now), finishInMs(times, now)));
}
