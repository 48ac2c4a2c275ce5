import { type Condition, holds, saysNothing, type Width } from './condition.ts';
import { type Level, merge, type Quirks } from './merge.ts';
import { type Block, run } from './program.ts';
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
  add(alternative: Alternative, quirks: Quirks): void {
    if (this.#unconditional) return;
    const conditions = alternative.conditions.filter(each => !saysNothing(each, this.#width));
    this.#alternatives.push({ ...alternative, conditions });
    if (conditions.length === 0) this.#unconditional = alternative;
    else this.#merge({ ...alternative, conditions }, quirks);
  }

  #merge({ conditions, action, rule }: Alternative, quirks: Quirks): void {
    const chain = chainOf(conditions, { action, rule }, this.#width);
    if (!chain) return;
    const held = to(chain);
    const left = this.#tree && prune(this.#tree, chain, action);
    if (left?.isSuperfluous) return;
    this.#tree = left?.root;
    if (!this.#tree) {
      this.#tree = held;
      this.#size = sizeOf(chain);
      return;
    }
    this.#size += sizeOf(chain) - (left?.freed ?? 0);
    this.#size -= merge(this.#tree, chain, quirks) + releaseLevel(chain);
  }

  /** The rules that match as seccomp_rule_add(3) reads them. */
  matching(args: readonly bigint[]): Alternative[] {
    if (this.#unconditional) return [this.#unconditional];
    return this.#alternatives.filter(({ conditions }) =>
      conditions.every(each => holds(each, args[each.index] ?? 0n, this.#width)),
    );
  }

  /** The tree that has to be compiled; none where the arguments do not matter. */
  get tree(): Node | undefined {
    return this.#unconditional ? undefined : this.#tree?.entry;
  }

  /** How many tests libseccomp counts. */
  get size(): number {
    return this.#unconditional ? 0 : this.#size;
  }

  set program(program: Block) {
    this.#program = program;
  }

  /** What the compiled program does; nothing where it ends at the default. */
  decide(args: readonly bigint[]): Verdict | undefined {
    if (this.#unconditional) return this.#unconditional;
    return this.#program && run(this.#program, args);
  }
}
