import { isDeepStrictEqual } from 'node:util';
import type { RolloutState, SeccompProfile } from '../core/api/seccomp-profile.ts';
import { ROLLOUT_ANNOTATION } from '../core/names.ts';
import type { ResolvedSpec } from '../core/profile/base.ts';
import { localhostProfile } from '../core/profile/file-name.ts';
import { renderVariants } from '../core/profile/variants.ts';
import { type StepText, stepText } from '../core/rollout/event.ts';
import { type Evidence, type SeenNode, type SeenPod, seenOf, ViolationCount } from '../core/rollout/evidence.ts';
import { commonFiles } from '../core/rollout/files.ts';
import { type PlannedStage, planOf, strictDigestOf } from '../core/rollout/plan.ts';
import { advance, type BeforeFile, settle } from '../core/rollout/state.ts';
import type { Installation } from '../core/status/installation.ts';
import { nameList } from '../core/status/name-list.ts';
import { filterOf } from '../core/uses/container-filters.ts';
import { removed } from '../kube/merge-patch.ts';
import type { Bundle } from './bundle.ts';
import type { Fleet } from './fleet.ts';
import type { PodIndex } from './pod-index.ts';
import type { PodUse, PodUses } from './pod-uses.ts';
import type { Publication } from './publication.ts';

export interface RolloutReconcilerOptions {
  readonly bundle: Bundle;
  readonly fleet: Fleet;
  readonly uses: PodUses;
  readonly pods: PodIndex;
  readonly publication: (profile: string) => Publication | undefined;
  /** Writes the status, refused by the API server when the profile is newer than this one. */
  readonly write: (profile: SeccompProfile, change: object) => Promise<void>;
  readonly tell: (profile: SeccompProfile, text: StepText) => void;
  /** The API server is heard: what is not reported has not happened. */
  readonly isHeard: () => boolean;
  /** In milliseconds, on a clock that only goes forward. */
  readonly now: () => number;
}

/** How far a stage has come is written so often: a twentieth of its time, within these bounds. */
const CHECKPOINT_MS = { least: 1_000, most: 600_000 };
/** What is seen, without anything that follows from it, is written at most so often. */
const CALM_MS = 5_000;
/** It is never looked at more often for time alone. */
const SHORTEST_MS = 50;

/** What is known of one rollout beside its written state: what was seen since that was written. */
interface Watched {
  readonly count: ViolationCount;
  soakedMs: number;
  lookedAt: number;
  writtenAt: number;
}

/**
 * Brings rollouts on: looks at what nodes and Pods show, and writes down each step before anything is done by it, so that an
 * operator that was killed finds where it was. Time counts only while it was watched by one process: no clock that was set,
 * and no outage, makes a stage pass.
 */
export class RolloutReconciler {
  readonly #options: RolloutReconcilerOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: RolloutReconcilerOptions) {
    this.#options = options;
  }

  /** The state that fits the profile as it is now, written down; nothing where it has no rollout. */
  async settle(profile: SeccompProfile, resolved: ResolvedSpec): Promise<RolloutState | undefined> {
    const { metadata, spec, status } = profile;
    if (!spec.rollout) return undefined;
    const plan = planOf(spec);
    const ref = this.#options.bundle.get(metadata.name);
    const rules = {
      plan,
      strictDigest: strictDigestOf(resolved),
      published: ref ? commonFiles(ref.digests) : [],
      last: this.#lastFiles(plan, resolved),
      request: requestOn(profile),
    };
    const state = settle(status?.rollout, rules, new Date());
    if (isDeepStrictEqual(state, status?.rollout)) return state;
    await this.#save(profile, state, plan);
    this.forget(metadata.name);
    return state;
  }

  /** What nodes held before is in the ConfigMap no more: there is nothing to go back to. */
  async dropBefore(profile: SeccompProfile): Promise<void> {
    const { rollout } = profile.status ?? {};
    if (!rollout) return;
    const { before: _, ...state } = rollout;
    await this.#save(profile, state, []);
  }

  /** One step, if there is one to do; the milliseconds until it is to be looked at again, where time alone can bring one. */
  async step(profile: SeccompProfile): Promise<{ readonly moved: boolean; readonly againMs: number | undefined }> {
    const { metadata, spec, status } = profile;
    const state = status?.rollout;
    const publication = this.#options.publication(metadata.name);
    if (!spec.rollout || !state || !publication || publication.generation !== metadata.generation) return NOTHING;
    if (publication.strictDigest !== state.strictDigest) return NOTHING;
    const plan = planOf(spec);
    const watched = this.#watch(metadata.name, state, plan);
    const evidence = this.#see(metadata.name, plan, state, publication, watched.count);
    const look = { plan, evidence, soakedMs: watched.soakedMs, request: requestOn(profile), now: new Date() };
    const next = advance(state, look);
    const waitMs = this.#whenToWrite(state, next, plan, watched);
    if (waitMs === 0) await this.#save(profile, next, plan, watched);
    const moved = next.stage !== state.stage;
    return { moved, againMs: soonest(waitMs || undefined, this.#nextLook(next, plan, watched)) };
  }

  forget(name: string): void {
    this.#watched.delete(name);
  }

  /** Adds up the time since the last look, if that was soaking and all of it was watched. */
  #watch(name: string, { phase, stage }: RolloutState, plan: readonly PlannedStage[]): Watched {
    const now = this.#options.now();
    const known = this.#watched.get(name);
    const watched = known ?? { count: new ViolationCount(), soakedMs: 0, lookedAt: now, writtenAt: now };
    const isWatched = known && phase === 'Soaking' && this.#options.isHeard();
    // Looks are not further apart than this, but for a process that was stopped meanwhile, and has watched nothing.
    if (isWatched) watched.soakedMs += Math.min(now - watched.lookedAt, 2 * checkpointMs(plan[stage - 1]));
    watched.lookedAt = now;
    this.#watched.set(name, watched);
    return watched;
  }

  #see(
    name: string,
    plan: readonly PlannedStage[],
    state: RolloutState,
    { phase, stage }: Publication,
    count: ViolationCount,
  ): Evidence {
    const { bundle, fleet, uses } = this.#options;
    const installation =
      phase.is === 'published' && stage === state.stage ? bundle.installation(name, fleet) : undefined;
    const { violations, ...seen } = seenOf(
      plan,
      state,
      this.#nodes(installation),
      [...uses.of(name)].map(use => seenPod(use, name)),
      (...container) => this.#userOf(name, ...container),
    );
    const { isNew, inReports } = count.look(violations, state.violationsInReports ?? 0);
    return { ...seen, installed: isInstalled(installation), newViolations: isNew, violationsInReports: inReports };
  }

  /** A node speaks for its own Pods. Where a Pod has several profiles, and which one it was is not known, it is this one. */
  #userOf(name: string, node: string, podUID: string, containerID: string): SeenPod | undefined {
    const use = this.#options.pods.get(podUID);
    if (use?.node !== node) return undefined;
    const file = localhostProfile(name);
    const filters = [filterOf(use.filters, containerID) ?? use.filters].flat();
    return filters.some(filter => filter.file === file) ? seenPod(use, name) : undefined;
  }

  #nodes(installation: Installation | undefined): SeenNode[] {
    const { bundle, fleet } = this.#options;
    const { behind = [], failed = [], unreachable = [] } = installation ?? {};
    const missing = new Set([...behind, ...failed.map(each => each.node), ...unreachable]);
    return [...fleet.members()].map(({ name }) => ({
      name,
      labels: bundle.labelsOf(name),
      since: bundle.place(name)?.since ?? {},
      isInstalled: installation !== undefined && !missing.has(name),
      ...fleet.violationsOn(name),
    }));
  }

  #lastFiles(plan: readonly PlannedStage[], resolved: ResolvedSpec): BeforeFile[] | undefined {
    const last = plan.at(-1);
    if (!last || last.nodeSelector) return undefined;
    const files = renderVariants({ ...resolved, mode: last.mode }, this.#options.fleet.architectures());
    return [...files].map(([key, { digest }]) => ({ key, digest }));
  }

  /** 0: now. Nothing: there is nothing to write. */
  #whenToWrite(
    state: RolloutState,
    next: RolloutState,
    plan: readonly PlannedStage[],
    { writtenAt }: Watched,
  ): number | undefined {
    if (!isDeepStrictEqual(essence(state), essence(next))) return 0;
    const soakedMs = ((next.soakedSeconds ?? 0) - (state.soakedSeconds ?? 0)) * 1_000;
    if (soakedMs >= checkpointMs(plan[next.stage - 1])) return 0;
    if (isDeepStrictEqual(seenIn(state), seenIn(next))) return undefined;
    return Math.max(0, writtenAt + CALM_MS - this.#options.now());
  }

  async #save(
    profile: SeccompProfile,
    next: RolloutState,
    plan: readonly PlannedStage[],
    watched?: Watched,
  ): Promise<void> {
    const state = profile.status?.rollout;
    await this.#options.write(profile, { status: { rollout: { ...removed(state ?? {}, next), ...next } } });
    if (watched) {
      const stays = state?.stage === next.stage && state.phase === 'Soaking' && next.phase === 'Soaking';
      const written = ((next.soakedSeconds ?? 0) - (state?.soakedSeconds ?? 0)) * 1_000;
      watched.soakedMs = stays ? watched.soakedMs - written : 0;
      watched.writtenAt = this.#options.now();
      watched.count.written();
    }
    const text = stepText(state, next, plan);
    if (text) this.#options.tell(profile, text);
  }

  #nextLook(next: RolloutState, plan: readonly PlannedStage[], { soakedMs }: Watched): number | undefined {
    const stage = plan[next.stage - 1];
    if (next.phase !== 'Soaking' || !stage) return undefined;
    const leftMs = (stage.soakSeconds - (next.soakedSeconds ?? 0)) * 1_000 - (soakedMs % 1_000);
    return Math.max(SHORTEST_MS, Math.min(leftMs, checkpointMs(stage)));
  }
}

/** The newest rules come first. */
const NOTHING = { moved: false, againMs: undefined };

/** Of a Pod's containers, those that have this profile. */
function seenPod({ node, ready, containers, filters }: PodUse, name: string): SeenPod {
  const file = localhostProfile(name);
  const ids = filters.filter(filter => filter.file === file).flatMap(filter => filter.ids);
  return { node, ready, containers: containers.filter(({ id }) => ids.includes(id)) };
}

/** Nodes that cannot be reached hold nothing back, as long as there are others. */
function isInstalled(installation: Installation | undefined): true | string {
  if (!installation) return 'it is being rendered';
  const { behind, failed, installed } = installation;
  const missing = [...behind, ...failed.map(each => each.node)];
  if (missing.length) return `waiting for ${nameList(missing)}`;
  return installed > 0 || 'no node can be reached';
}

const requestOn = ({ metadata }: SeccompProfile): string | undefined => metadata.annotations?.[ROLLOUT_ANNOTATION];

/** What follows from a look; the rest is only what was seen. */
function essence(state: RolloutState): object {
  const { soakedSeconds: _, evidence: __, violationsInReports: ___, waitingFor: ____, ...rest } = state;
  return rest;
}

/** The time is in what it waits for while it soaks, and is written by itself. */
const seenIn = ({ phase, evidence, waitingFor }: RolloutState): unknown[] => [
  evidence,
  phase === 'Soaking' || waitingFor,
];

function checkpointMs(stage: PlannedStage | undefined): number {
  const { least, most } = CHECKPOINT_MS;
  return Math.min(most, Math.max(least, (stage?.soakSeconds ?? 0) * 50));
}

function soonest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
