import type { Condition, Width } from './condition.ts';
import { saysNothing } from './condition.ts';

/*
 * What libseccomp makes of the conditional rules of one call.
 *
 * BPF compares 32 bits at a time, so a rule becomes a chain of tests on halves of arguments. The chains of a call's rules
 * are merged into one tree: equal tests become one, others stand side by side in a fixed order, and the first that leads to
 * an action decides. Mostly that is what the rules say. Where it is not, this model goes wrong in the same way: a test that
 * already has an action takes no chain behind it, a chain that is referenced twice is linked twice, and so on.
 *
 * Source: libseccomp 2.5.0 to 2.6.1, src/db.c, by its behaviour. Held against the library by
 * test/integration/simulate-libseccomp.test.ts.
 */

/** A test of one half of one argument, unsigned; the mask is applied first. */
export interface Test {
  readonly argument: number;
  readonly half: 'high' | 'low';
  readonly op: 'EQ' | 'MASKED_EQ' | 'GT' | 'GE';
  readonly mask: number;
  readonly datum: number;
}

/** What a rule does, and which rule of the profile it was. */
export interface Verdict {
  readonly action: number;
  readonly rule: number;
}

/** Where a test leads: to a verdict, to a level of further tests (known by one of its nodes), or on along its own level. */
export type Branch = { verdict: Verdict } | { entry: Node } | undefined;

/** A test in the tree. The nodes of a level are linked; a node can be reached from more than one test. */
export interface Node {
  readonly test: Test;
  /** Nodes of a level stand in descending order of this, then by datum. */
  readonly rank: number;
  readonly isUpperBound: boolean;
  /** The value of the whole condition, of which the test sees one half. */
  readonly value: bigint;
  previous: Node | undefined;
  next: Node | undefined;
  whenTrue: Branch;
  whenFalse: Branch;
  /** How often it is referred to, as libseccomp counts: by tests, by neighbours and by who holds the tree. */
  references: number;
}

/**
 * What becomes of a rule that cannot be merged. `conflict`: libseccomp says EEXIST. `endless`: it links a level in a circle,
 * or takes minutes, and whoever builds the filter hangs. `unknown`: it is too much to be followed here.
 */
export type Trouble = 'conflict' | 'endless' | 'unknown';

export class TreeTrouble extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

/** A rule's tests, or nothing where it has no condition that says something. */
export function chainOf(conditions: readonly Condition[], verdict: Verdict, width: Width): Node | undefined {
  const inOrder = conditions.filter(each => !saysNothing(each, width)).sort((a, b) => b.index - a.index);
  let head: Node | undefined;
  for (const condition of inOrder) {
    const behind = (): Branch => (head ? to(head) : { verdict });
    head = width === 32 ? narrow(condition, behind) : wide(condition, behind);
  }
  return head;
}

type Behind = () => Branch;

/** A reference to a node. */
export function to(entry: Node): { entry: Node } {
  entry.references++;
  return { entry };
}

const HALF = 0xffffffffn;
const upper = (value: bigint) => Number((value >> 32n) & HALF);
const lower = (value: bigint) => Number(value & HALF);

/** On a 32-bit architecture one test of the lower half says it all. */
function narrow(condition: Condition, behind: Behind): Node {
  const { op } = condition;
  switch (op) {
    case 'SCMP_CMP_NE':
      return node(condition, 'low', 'EQ', undefined, behind());
    case 'SCMP_CMP_LT':
      return node(condition, 'low', 'GE', undefined, behind());
    case 'SCMP_CMP_LE':
      return node(condition, 'low', 'GT', undefined, behind());
    case 'SCMP_CMP_EQ':
      return node(condition, 'low', 'EQ', behind(), undefined);
    case 'SCMP_CMP_MASKED_EQ':
      return node(condition, 'low', 'MASKED_EQ', behind(), undefined);
    case 'SCMP_CMP_GE':
      return node(condition, 'low', 'GE', behind(), undefined);
    case 'SCMP_CMP_GT':
      return node(condition, 'low', 'GT', behind(), undefined);
  }
}

/** 64 bits: the upper halves decide unless they are equal. What is behind is then reached from two tests. */
function wide(condition: Condition, behind: Behind): Node {
  const { op } = condition;
  switch (op) {
    case 'SCMP_CMP_EQ':
    case 'SCMP_CMP_MASKED_EQ': {
      const test = op === 'SCMP_CMP_EQ' ? 'EQ' : 'MASKED_EQ';
      return node(condition, 'high', test, to(node(condition, 'low', test, behind(), undefined)), undefined);
    }
    case 'SCMP_CMP_NE':
      return node(condition, 'high', 'EQ', to(node(condition, 'low', 'EQ', undefined, behind())), behind());
    case 'SCMP_CMP_GT':
    case 'SCMP_CMP_GE': {
      const low = node(condition, 'low', op === 'SCMP_CMP_GT' ? 'GT' : 'GE', behind(), undefined);
      const equal = node(condition, 'high', 'EQ', to(low), undefined);
      return node(condition, 'high', 'GT', behind(), to(equal));
    }
    case 'SCMP_CMP_LT':
    case 'SCMP_CMP_LE': {
      const low = node(condition, 'low', op === 'SCMP_CMP_LT' ? 'GE' : 'GT', undefined, behind());
      const equal = node(condition, 'high', 'EQ', to(low), behind());
      return node(condition, 'high', 'GT', undefined, to(equal));
    }
  }
}

function node(
  { index, op, value, valueTwo }: Condition,
  half: Test['half'],
  test: Test['op'],
  whenTrue: Branch,
  whenFalse: Branch,
): Node {
  const part = half === 'high' ? upper : lower;
  const mask = op === 'SCMP_CMP_MASKED_EQ' ? part(value) : 0xffffffff;
  const compared = op === 'SCMP_CMP_MASKED_EQ' ? valueTwo : value;
  return {
    test: { argument: index, half, op: test, mask, datum: (part(compared) & mask) >>> 0 },
    rank: (index * 2 + (half === 'high' ? 1 : 0)) * 4 + RANKS[op],
    isUpperBound: op === 'SCMP_CMP_LT' || op === 'SCMP_CMP_LE',
    value: compared,
    previous: undefined,
    next: undefined,
    whenTrue,
    whenFalse,
    references: 0,
  };
}

const RANKS: Readonly<Record<Condition['op'], number>> = {
  SCMP_CMP_EQ: 3,
  SCMP_CMP_NE: 3,
  SCMP_CMP_MASKED_EQ: 3,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 2,
  SCMP_CMP_GT: 1,
  SCMP_CMP_GE: 1,
};

export const isSame = ({ test: a }: Node, { test: b }: Node): boolean =>
  a.argument === b.argument && a.half === b.half && a.op === b.op && a.datum === b.datum && a.mask === b.mask;

/** Whether the first stands after the second on a level. */
export function standsAfter(a: Node, b: Node): boolean {
  if (a.rank !== b.rank) return a.rank < b.rank;
  return a.isUpperBound ? a.test.datum > b.test.datum : a.test.datum < b.test.datum;
}

export const isLeaf = ({ whenTrue, whenFalse }: Node): boolean =>
  !(whenTrue && 'entry' in whenTrue) && !(whenFalse && 'entry' in whenFalse);

/** No level is as long as this. */
const CIRCLE = 100_000;

/** The nodes of the level that a node is on, first to last. Throws `TreeTrouble` where they are linked in a circle. */
export function levelOf(entry: Node): Node[] {
  let first = entry;
  for (let steps = 0; first.previous; first = first.previous) {
    if (++steps > CIRCLE) throw new TreeTrouble('endless');
  }
  const level: Node[] = [];
  for (let each: Node | undefined = first; each; each = each.next) {
    if (level.push(each) > CIRCLE) throw new TreeTrouble('endless');
  }
  return level;
}

/** Whether a level and all behind it lead to one action only. */
export const leadsOnlyTo = (branch: Branch, action: number): boolean => isOnly(branch, action, new Set());

function isOnly(branch: Branch, action: number, seen: Set<Node>): boolean {
  if (!branch) return true;
  if ('verdict' in branch) return branch.verdict.action === action;
  if (seen.has(branch.entry)) return true;
  return levelOf(branch.entry).every(each => {
    seen.add(each);
    return isOnly(each.whenTrue, action, seen) && isOnly(each.whenFalse, action, seen);
  });
}

/** How many tests there are from here on. */
export function sizeOf(tree: Node): number {
  const seen = new Set<Node>();
  const count = (branch: Branch) => {
    if (!branch || !('entry' in branch) || seen.has(branch.entry)) return;
    for (const each of levelOf(branch.entry)) {
      seen.add(each);
      count(each.whenTrue);
      count(each.whenFalse);
    }
  };
  count({ entry: tree });
  return seen.size;
}
