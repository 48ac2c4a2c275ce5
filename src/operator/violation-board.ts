import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import { profileNames } from '../core/profile/file-name.ts';
import { filterOf } from '../core/uses/container-filters.ts';
import { type Call, callKey } from '../core/violations/call.ts';
import { Ledger, type ProfileViolations, type Sighting, type Usage } from '../core/violations/ledger.ts';
import { callsIn, type NodeViolation, type NodeViolations } from '../core/violations/report.ts';
import type { PodIndex } from './pod-index.ts';

export interface ViolationBoardOptions {
  readonly pods: PodIndex;
  readonly profiles: ReadonlyMap<string, SeccompProfile>;
  readonly looksAtArguments: (profile: string, syscall: string) => boolean;
  /** Whether a container that started then logs every call, for a recording. */
  readonly isForRecording: (profile: SeccompProfile, startedAt: number) => boolean;
  /** A profile's status is to be looked at, in so many milliseconds. */
  readonly changed: (profile: string, inMs: number) => void;
  /** Somebody should hear of it: a call that nobody saw before under this profile, or not in the last hour. */
  readonly tell: (sighting: Sighting) => void;
  readonly now: () => number;
}

/** What a status says of violations is renewed so often; at once for a call that is new. */
const PUBLISH_MS = 60_000;
/** People are told of one call under one profile so often. */
const TELL_MS = 3_600_000;
const MAX_TOLD = 10_000;
/** Pods whose UID was reported before they were seen here. */
const MAX_WAITING = 1_000;

interface Published {
  readonly violations: ProfileViolations | undefined;
  readonly at: number;
}

/** Sums of what nodes have counted, for metrics: they only grow. */
export interface RecordCounts {
  recorded: number;
  lost: number;
  unattributed: number;
  unlisted: number;
}

const KINDS = ['recorded', 'lost', 'unattributed', 'unlisted'] as const;

/** Turns nodes' reports into what each profile's status says of violations. */
export class ViolationBoard {
  readonly #options: ViolationBoardOptions;
  readonly #ledger: Ledger;
  readonly #reports = new Map<string, NodeViolations>();
  readonly #published = new Map<string, Published>();
  readonly #told = new Map<string, number>();
  /** By UID of the Pod: nodes whose report speaks of it. */
  readonly #waiting = new Map<string, Set<string>>();
  readonly records: RecordCounts = { recorded: 0, lost: 0, unattributed: 0, unlisted: 0 };

  constructor(options: ViolationBoardOptions) {
    this.#options = options;
    const { looksAtArguments } = options;
    this.#ledger = new Ledger({ usageOf: (node, entry) => this.#usageOf(node, entry), looksAtArguments });
  }

  /** To be called before reports are, so that the status is where counting goes on. */
  opened({ metadata: { name }, status }: SeccompProfile): void {
    if (this.#published.has(name)) return;
    this.#ledger.open(name, status?.violations);
    this.#published.set(name, { violations: status?.violations, at: Number.NEGATIVE_INFINITY });
    for (const call of status?.violations?.calls ?? []) {
      const age = Date.now() - Date.parse(call.lastTime);
      this.#told.set(toldKey(name, call), this.#options.now() - age);
    }
  }

  closed(profile: string): void {
    this.#ledger.close(profile);
    this.#published.delete(profile);
  }

  /** A node's report as it is now; none when the node is gone. */
  reported(node: string, violations: NodeViolations | undefined): void {
    this.#add(violations, this.#reports.get(node));
    if (violations) this.#reports.set(node, violations);
    else this.#reports.delete(node);
    this.#take(node);
  }

  /** A Pod was seen, or more of it. */
  podSeen(nodeUid: string): void {
    const nodes = this.#waiting.get(nodeUid);
    this.#waiting.delete(nodeUid);
    for (const node of nodes ?? []) this.#take(node);
  }

  /** What the status is to say; it is the same until something new is due. */
  published(profile: string): ProfileViolations | undefined {
    return this.#published.get(profile)?.violations;
  }

  /** Brings a profile's part up to date if it is time; to be called before its status is made. */
  publish(profile: string): void {
    const published = this.#published.get(profile);
    const now = this.#options.now();
    if (published && now - published.at >= PUBLISH_MS) this.#renew(profile, now);
  }

  /** What is known of one node: whether records are read there. */
  stateOf(node: string): NodeViolations['state'] | undefined {
    return this.#reports.get(node)?.state;
  }

  /** Counts by profile and call, for metrics. */
  counts(): Iterable<readonly [profile: string, call: Call, count: number]> {
    return this.#ledger.counts();
  }

  #take(node: string): void {
    const sightings = this.#ledger.report(node, callsIn(this.#reports.get(node) ?? NONE));
    const urgent = new Set<string>();
    for (const sighting of sightings) {
      if (sighting.isFirst) urgent.add(sighting.usage.profile);
      if (sighting.isFirst || this.#isDue(sighting)) this.#tell(sighting);
    }
    const now = this.#options.now();
    for (const profile of this.#ledger.touched()) {
      const { at = now, violations } = this.#published.get(profile) ?? {};
      const isNew = urgent.has(profile) || !violations;
      if (isNew) this.#renew(profile, now);
      this.#options.changed(profile, isNew ? 0 : Math.max(0, at + PUBLISH_MS - now));
    }
  }

  #renew(profile: string, now: number): void {
    this.#published.set(profile, { violations: this.#ledger.of(profile), at: now });
  }

  #isDue({ usage, call }: Sighting): boolean {
    const told = this.#told.get(toldKey(usage.profile, call));
    return told === undefined || this.#options.now() - told >= TELL_MS;
  }

  #tell(sighting: Sighting): void {
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.set(toldKey(sighting.usage.profile, sighting.call), this.#options.now());
    this.#options.tell(sighting);
  }

  #usageOf(node: string, { podUID, containerID, firstTime, lastTime }: NodeViolation): Usage | null | undefined {
    const { pods, profiles, isForRecording } = this.#options;
    const pod = pods.get(podUID);
    const filter = pod && filterOf(pod.filters, containerID);
    if (!filter) {
      this.#wait(podUID, node);
      return undefined;
    }
    // A node speaks for its own Pods.
    if (pod.node !== node || filter.file === undefined) return null;
    const name = profileNames(filter.file).find(each => profiles.has(each)) ?? '';
    const profile = profiles.get(name);
    const made = profile?.metadata.creationTimestamp;
    if (!profile || (made && lastTime < made)) return null;
    const startedAt = pod.containers.find(({ id }) => id === containerID)?.startedAt ?? Date.parse(firstTime);
    if (isForRecording(profile, startedAt)) return null;
    return { profile: name, pod: pod.pod, podUid: pod.uid, container: filter.container };
  }

  #wait(podUid: string, node: string): void {
    const nodes = this.#waiting.get(podUid) ?? new Set();
    this.#waiting.set(podUid, nodes.add(node));
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(oldest as string);
  }

  /** A count that began anew is all new. */
  #add(now: NodeViolations | undefined, before: NodeViolations | undefined): void {
    const isSame = now?.since === before?.since;
    for (const kind of KINDS)
      this.records[kind] += Math.max(0, (now?.[kind] ?? 0) - (isSame ? (before?.[kind] ?? 0) : 0));
  }
}

const NONE = { entries: [] };

const toldKey = (profile: string, call: Call): string => `${profile} ${callKey(call)}`;
