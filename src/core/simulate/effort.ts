import { TreeTrouble } from './tree.ts';

/** Steps of ours after which we give up; about a second. */
const OURS = 50_000_000;

/**
 * Steps of libseccomp after which nobody waits any longer: it takes 2 to 5 hundred million a second (measured), and the
 * kubelet waits two minutes for a runtime (`runtimeRequestTimeout`).
 */
const THEIRS = 50_000_000_000;
const PER_SECOND = 300_000_000;

/**
 * What it costs to build a filter. libseccomp compares what it has compared before, so that a few rules with conditions
 * on several arguments can take it minutes; here results are kept.
 */
export class Effort {
  #ours = 0;
  #theirs = 0;

  /** Tests that libseccomp has compared so far. */
  get theirs(): number {
    return this.#theirs;
  }

  /** How long libseccomp takes, about. */
  get seconds(): number {
    return this.#theirs / PER_SECOND;
  }

  /** Tests compared here as there. Throws `TreeTrouble` when it gets too much. */
  spend(steps: number): void {
    this.look(steps);
    this.repeat(steps);
  }

  /** Tests looked at here only. */
  look(steps: number): void {
    this.#ours += steps;
    if (this.#ours > OURS) throw new TreeTrouble('unknown');
  }

  /** Steps that only libseccomp takes. */
  repeat(steps: number): void {
    this.#theirs += steps;
    if (this.#theirs > THEIRS) throw new TreeTrouble('endless');
  }
}
