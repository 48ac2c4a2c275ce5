import { isDeepStrictEqual } from 'node:util';
import type { SeccompProfile, SeccompProfileStatus } from '../core/api/seccomp-profile.ts';
import { isDisabled } from '../core/profile/disabled.ts';
import { localhostProfile } from '../core/profile/file-name.ts';
import { pickVariantKey } from '../core/profile/variants.ts';
import { formFor, type Holding } from '../core/rollout/holding.ts';
import { findCondition } from '../core/status/conditions.ts';
import { type LintReport, reportBefore } from '../core/status/lint-report.ts';
import { type ProfileFacts, profileStatus } from '../core/status/profile-status.ts';
import { callKey } from '../core/violations/call.ts';
import type { ViolationFacts } from '../core/violations/conditions.ts';
import { removed } from '../kube/merge-patch.ts';
import type { Bundle } from './bundle.ts';
import type { Fleet } from './fleet.ts';
import type { PodUses } from './pod-uses.ts';
import type { Publication } from './publication.ts';
import type { RenderedRef } from './rendered-configmap.ts';
import type { StatusPace } from './status-pace.ts';

/** Pods that a message names. */
const MAX_USERS = 3;

/** Pods come and go: their number alone is written that many times less often. */
const CALM = 5;

export interface StatusWriterOptions {
  readonly bundle: Bundle;
  readonly fleet: Fleet;
  readonly uses: PodUses;
  readonly publication: (profile: string) => Publication | undefined;
  /** What the linter found in a generation; nothing before it has looked. */
  readonly linted: (profile: string, generation: number) => LintReport | undefined;
  readonly violations: (profile: SeccompProfile) => ViolationFacts;
  /** Writes the status, refused by the API server when the profile is newer than this one. */
  readonly write: (profile: SeccompProfile, change: object) => Promise<void>;
  /** Told of each status that was written. */
  readonly transition: (profile: SeccompProfile, previous: SeccompProfileStatus, next: SeccompProfileStatus) => void;
  readonly pace: StatusPace;
}

/**
 * Keeps `SeccompProfile.status` true at little cost: no write that changes nothing, one a second while nodes arrive, at
 * once when it settles, and at once when it stops being true that nodes hold what the profile says.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** The milliseconds to wait before it is looked at again; 0 when the status says all there is to say. */
  async update(profile: SeccompProfile): Promise<number> {
    const { name } = profile.metadata;
    const { pace } = this.#options;
    const previous = profile.status ?? {};
    const facts = this.#facts(profile);
    pace.looked(name, facts.installation.behind.length + facts.leaving.length);
    const next = profileStatus(facts, profile.status, new Date());
    if (isDeepStrictEqual(previous, next)) {
      pace.settled(name);
      return 0;
    }
    const wait = isUrgent(previous, next) ? 0 : pace.wait(name, isCalm(previous, next) ? CALM : 1);
    if (wait > 0) return wait;
    await this.#options.write(profile, { status: { ...removed(previous, next), ...next } });
    pace.settled(name);
    this.#options.transition(profile, previous, next);
    return 0;
  }

  #facts(profile: SeccompProfile): ProfileFacts {
    const { metadata, spec, status } = profile;
    const { bundle, fleet, uses } = this.#options;
    const { name, generation = 0 } = metadata;
    const publication = this.#options.publication(name);
    const ref = bundle.get(name);
    const rollout = spec.rollout && !isDisabled(spec) ? status?.rollout : undefined;
    return {
      ...this.#options.violations(profile),
      generation,
      localhostProfile: localhostProfile(name),
      mode: rollout ? spec.rollout?.stages[rollout.stage - 1]?.mode : (spec.mode ?? 'Enforce'),
      rollout,
      older: publication?.holding ? this.#nodesBefore(publication.holding) : [],
      phase: phaseOf(metadata.deletionTimestamp !== undefined, generation, publication, ref),
      lint: this.#options.linted(name, generation) ?? reportBefore(status, generation),
      leaving: ref ? [] : bundle.leaving(name, fleet),
      users: { count: uses.count(name), first: uses.names(name, MAX_USERS) },
      digests: ref ? digestsByArchitecture(ref, fleet.architectures()) : new Map(),
      installation: bundle.installation(name, fleet) ?? {
        desired: fleet.size,
        installed: 0,
        failed: [],
        behind: [],
        unreachable: [],
      },
    };
  }

  /** Nodes that a rollout leaves with what they held before. */
  #nodesBefore(holding: Holding): string[] {
    const { bundle, fleet } = this.#options;
    if (holding.others !== 'Before') return [];
    const names = [...fleet.members()].map(node => node.name);
    return names.filter(name => formFor(holding, bundle.labelsOf(name)) === 'Before').sort();
  }
}

function phaseOf(
  deleting: boolean,
  generation: number,
  publication: Publication | undefined,
  ref: RenderedRef | undefined,
): ProfileFacts['phase'] {
  if (deleting) return { is: 'deleting' };
  if (!publication || publication.generation !== generation) return { is: 'rendering' };
  // Somebody removed the ConfigMap: it is about to be made again.
  if (publication.phase.is === 'published' && !ref) return { is: 'rendering' };
  return publication.phase;
}

/** In the order of the architectures' names, so that the status does not change with the order of nodes. */
function digestsByArchitecture({ digests }: RenderedRef, architectures: Iterable<string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const architecture of [...architectures].sort()) {
    const digest = digests.get(pickVariantKey(digests.keys(), architecture) ?? '');
    if (digest) found.set(architecture, digest);
  }
  return found;
}

/** Settled in another way than before; or Ready was true of something that nodes are now behind of; or a call is new. */
function isUrgent(previous: SeccompProfileStatus, next: SeccompProfileStatus): boolean {
  if (hasNewCall(previous, next)) return true;
  const before = findCondition(previous.conditions, 'Ready');
  const after = findCondition(next.conditions, 'Ready');
  const changed = before?.status !== after?.status || before?.reason !== after?.reason;
  const sameContent = previous.observedGeneration === next.observedGeneration && previous.digest === next.digest;
  const settled = after?.reason !== 'WaitingForNodes' && after?.reason !== 'Rendering';
  return settled ? changed || !sameContent : before?.status === 'True' && !sameContent;
}

/** Only the number of Pods differs. */
function isCalm(previous: SeccompProfileStatus, next: SeccompProfileStatus): boolean {
  return isDeepStrictEqual({ ...previous, usedBy: 0 }, { ...next, usedBy: 0 });
}

function hasNewCall(
  { violations: before }: SeccompProfileStatus,
  { violations: after }: SeccompProfileStatus,
): boolean {
  const known = new Set(before?.calls.map(callKey));
  return (after?.calls ?? []).some(call => !known.has(callKey(call)));
}
