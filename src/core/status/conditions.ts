import type { Condition } from '../api/seccomp-profile.ts';
import { isoTime } from '../iso-time.ts';

/** A condition as a step of the reconciliation states it: when it last changed is found by comparing. */
export type StatedCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/**
 * The conditions to write: those stated, each with the time of its last transition, which is kept while `status` stays.
 * A condition that is no longer stated is gone: the abnormal-true ones (`Reconciling`, `Stalled`) are absent when all is
 * well, as kstatus expects (sigs.k8s.io/cli-utils, pkg/kstatus).
 */
export function mergeConditions(
  previous: readonly Condition[],
  stated: readonly StatedCondition[],
  observedGeneration: number,
  now: Date,
): Condition[] {
  return stated.map(condition => {
    const before = previous.find(other => other.type === condition.type);
    const since = before?.status === condition.status ? before.lastTransitionTime : isoTime(now);
    return { ...condition, observedGeneration, lastTransitionTime: since };
  });
}

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find(condition => condition.type === type);
}
