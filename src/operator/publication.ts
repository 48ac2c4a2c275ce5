import type { Holding } from '../core/rollout/holding.ts';
import type { ProfilePhase } from '../core/status/profile-status.ts';

/** What became of a profile's newest generation that was looked at. */
export interface Publication {
  readonly generation: number;
  readonly phase: ProfilePhase;
  /** Other profiles that the rendered form depends on: when one of these changes, this one is rendered anew. */
  readonly dependsOn: readonly string[];
  /** What was published of it, once it was. */
  readonly holding?: Holding;
  /** In a rollout: the stage that this is of, and the rules. */
  readonly stage?: number;
  readonly strictDigest?: string;
}
