import type { ResolvedSpec } from '../profile/base.ts';
import { type Decision, decide, type Outcome, UnknownCall } from '../simulate/decide.ts';
import type { Filter } from '../simulate/filter.ts';
import type { CallUse, Trace } from '../trace/trace.ts';
import { isAllowed } from '../words/outcome.ts';

/** A traced call that the profile refuses, or may refuse. */
export interface Refused {
  readonly use: CallUse;
  readonly decision: Decision;
  /** False where it depends on what the trace does not show. */
  readonly isSure: boolean;
}

export interface Checked {
  /** How many calls were traced, and of how many kinds. */
  readonly calls: number;
  readonly kinds: number;
  readonly refused: readonly Refused[];
}

/** The arguments on which rules of the profile have conditions, by call: what a trace has to tell apart. */
export function conditionedArguments(spec: ResolvedSpec): (name: string) => readonly number[] {
  const indexes = new Map<string, Set<number>>();
  for (const { names, args = [] } of spec.syscalls ?? []) {
    for (const name of args.length ? names : []) {
      const known = indexes.get(name) ?? new Set();
      for (const { index } of args) known.add(index);
      indexes.set(name, known);
    }
  }
  return name => [...(indexes.get(name) ?? [])].sort();
}

/** Puts each traced call to the filter. */
export function checkTrace(filter: Filter, { calls }: Trace): Checked {
  const refused = calls.flatMap(use => {
    const decisions = decisionsFor(filter, use);
    const worst = decisions.find(each => !isAllowed(each)) ?? decisions.find(each => !each.candidates.every(isAllowed));
    if (!worst) return [];
    return [{ use, decision: worst, isSure: decisions.every(({ candidates }) => !candidates.some(isAllowed)) }];
  });
  return { calls: calls.reduce((sum, { count }) => sum + count, 0), kinds: calls.length, refused };
}

/** One, or several where an argument is a negative int: its upper half is filled or empty, as the program's code has it. */
function decisionsFor(filter: Filter, use: CallUse): Decision[] {
  const args: (bigint | undefined)[] = [];
  for (const [index, value] of use.args) args[index] = value;
  const variants = args.some(value => value !== undefined && value < 0n) ? [64, 32] : [64];
  return variants.flatMap(bits => {
    const unsigned = Array.from(args, value =>
      value !== undefined && value < 0n ? BigInt.asUintN(bits, value) : value,
    );
    const decision = decideOn(filter, use, unsigned);
    return decision ? [decision] : [];
  });
}

function decideOn(
  filter: Filter,
  { arch, name }: CallUse,
  args: readonly (bigint | undefined)[],
): Decision | undefined {
  try {
    return decide(filter, { architecture: arch, call: name, args });
  } catch (error) {
    // strace calls it so, and this architecture's table does not: no filter can name it either.
    if (error instanceof UnknownCall) return undefined;
    throw error;
  }
}

/** What can happen, the worst first. */
export const outcomesOf = ({ decision, isSure }: Refused): readonly Outcome[] =>
  isSure ? [decision] : decision.candidates;
