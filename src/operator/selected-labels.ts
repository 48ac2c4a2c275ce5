import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import { selectedKeys } from '../core/rollout/plan.ts';

/** Keys of the labels by which rollouts select nodes: a node is told of these of its own, and of no others. */
export class SelectedLabels {
  #keys: ReadonlySet<string> = new Set();

  get keys(): ReadonlySet<string> {
    return this.#keys;
  }

  /** Whether they are others than before. */
  update(profiles: Iterable<SeccompProfile>): boolean {
    const keys = selectedKeys([...profiles].map(({ spec }) => spec.rollout));
    const differ = keys.symmetricDifference(this.#keys).size > 0;
    this.#keys = keys;
    return differ;
  }
}
