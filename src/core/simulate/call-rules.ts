import { type Condition, holds, saysNothing, type Width } from './condition.ts';
import { type Level, type Making, merge } from './merge.ts';
import { type Block, reachable, run } from './program.ts';
import { prune } from './prune.ts';
import { releaseLevel } from './release.ts';
import { chainOf, type Node, sizeOf, to, type Verdict } from './tree.ts';

/** One way to match: all conditions must hold. */
export interface Alternative extends Verdict {
  readonly conditions: readonly Condition[];
}

/** The rules of one call on one architecture, as written and as libseccomp merges them. */
export class CallRules {
  readonly #alternatives: Alternative[] = [];
  readonly #width: Width;
  #unconditional: Alternative | undefined;
  #tree: Level | undefined;
  #size = 0;
  #program: Block | undefined;

  constructor(width: Width) {
    this.#width = width;
  }

  /** The rule that decides whatever the arguments are. */
  get unconditional(): Alternative | undefined {
    return this.#unconditional;
  }

  /** All conditional rules; none where an unconditional one decides. */
  get alternatives(): readonly Alternative[] {
    return this.#unconditional ? [] : this.#alternatives;
  }

  /**
   * The first unconditional rule ends it: what came before is dropped, what follows is ignored. Throws `TreeTrouble`.
   * Source: libseccomp, src/db.c, `db_rule_add`.
   */
  add(alternative: Alternative, making: Making): void {
    if (this.#unconditional) return;
    const conditions = alternative.conditions.filter(each => !saysNothing(each, this.#width));
    this.#alternatives.push({ ...alternative, conditions });
    if (conditions.length === 0) this.#unconditional = alternative;
    else this.#merge({ ...alternative, conditions }, making);
  }

  #merge({ conditions, action, rule }: Alternative, making: Making): void {
    const chain = chainOf(conditions, { action, rule }, this.#width);
    if (!chain) return;
    const held = to(chain);
    const left = this.#tree && prune(this.#tree, chain, action, making.effort);
    if (left?.isSuperfluous) return;
    this.#tree = left?.root;
    if (!this.#tree) {
      this.#tree = held;
      this.#size = sizeOf(chain);
      return;
    }
    this.#size += sizeOf(chain) - (left?.freed ?? 0);
    this.#size -= merge(this.#tree, chain, making) + releaseLevel(chain);
  }

  /** The rules that match, or that may match where arguments are not known, as seccomp_rule_add(3) reads them. */
  matching(args: Arguments): Matching {
    if (this.#unconditional) return { surely: [this.#unconditional], perhaps: [] };
    const surely: Alternative[] = [];
    const perhaps: Alternative[] = [];
    for (const alternative of this.#alternatives) {
      const known = alternative.conditions.filter(({ index }) => args[index] !== undefined);
      if (!known.every(each => holds(each, args[each.index] ?? 0n, this.#width))) continue;
      (known.length < alternative.conditions.length ? perhaps : surely).push(alternative);
    }
    return { surely, perhaps };
  }

  /** The tree that has to be compiled; none where the arguments do not matter. */
  get tree(): Node | undefined {
    return this.#unconditional ? undefined : this.#tree?.entry;
  }

  /** How many tests libseccomp counts. */
  get size(): number {
    return this.#unconditional ? 0 : this.#size;
  }

  /** Throws `TreeTrouble` where libseccomp would go round in circles. */
  check(): void {
    if (this.tree) sizeOf(this.tree);
  }

  set program(program: Block) {
    this.#program = program;
  }

  /** What the program can do, one thing unless arguments are not known; `undefined` is the default. */
  outcomes(args: Arguments): readonly (Verdict | undefined)[] {
    if (this.#unconditional) return [this.#unconditional];
    if (!this.#program) return [undefined];
    const known = args.filter(each => each !== undefined);
    if (known.length === ARGUMENTS) return [run(this.#program, known)];
    return [...reachable(this.#program, args)];
  }
}

/** A call has six arguments at most (syscall(2)); those that are missing or undefined are not known. */
const ARGUMENTS = 6;

export type Arguments = readonly (bigint | undefined)[];

export interface Matching {
  readonly surely: readonly Alternative[];
  readonly perhaps: readonly Alternative[];
}
