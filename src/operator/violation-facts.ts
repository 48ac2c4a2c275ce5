import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import type { SeccompRecording } from '../core/api/seccomp-recording.ts';
import { type ResolvedSpec, resolveBase } from '../core/profile/base.ts';
import { recordedAt, recordingOf } from '../core/recording/ownership.ts';
import type { ViolationFacts } from '../core/violations/conditions.ts';
import { unrecordedActions } from '../core/violations/visible.ts';
import type { PodUses } from './pod-uses.ts';
import type { ViolationBoard } from './violation-board.ts';

export interface ViolationFactsOptions {
  readonly profiles: ReadonlyMap<string, SeccompProfile>;
  readonly uses: PodUses;
  readonly board: ViolationBoard;
  readonly countsViolations: () => boolean;
}

/** What the status of a profile says of its violations, and of those that nobody would see. */
export function violationFacts(
  { metadata: { name }, status }: SeccompProfile,
  { profiles, uses, board, countsViolations }: ViolationFactsOptions,
): ViolationFacts {
  const violations = board.published(name);
  if (!countsViolations()) return { violations };
  const nodes = new Set([...uses.of(name)].map(({ node }) => node).filter(Boolean));
  const blind = [...nodes].filter(node => board.stateOf(node) !== 'Watching').sort();
  const resolved = resolvedSpec(name, profiles);
  // What a rollout has come to, where there is one.
  const { mode = resolved.mode ?? 'Enforce' } = status ?? {};
  return { violations, watch: { unrecorded: unrecordedActions({ ...resolved, mode }), blind } };
}

/** With its bases, or without where these cannot be found: then it is not rendered either. */
export function resolvedSpec(name: string, profiles: ReadonlyMap<string, SeccompProfile>): ResolvedSpec {
  const spec = profiles.get(name)?.spec ?? { defaultAction: 'SCMP_ACT_ALLOW' };
  try {
    return resolveBase(name, spec, base => profiles.get(base)?.spec);
  } catch {
    return spec;
  }
}

/** A container under a filter that logs every call for a recording violates nothing. */
export function isForRecording(
  profile: SeccompProfile,
  startedAt: number,
  recordings: ReadonlyMap<string, SeccompRecording>,
): boolean {
  const recording = recordings.get(recordingOf(profile) ?? '');
  const until = recordedAt(profile);
  return until === undefined ? recording !== undefined && recording.status?.state !== 'Complete' : startedAt < until;
}
