import type { Arg, Syscall } from '../api/seccomp-profile.ts';
import { own } from '../own.ts';
import { nameOfConstant } from '../trace/constants.ts';
import type { CallUse } from '../trace/trace.ts';

/** A call whose argument is worth a condition: one number that decides what the call can do. */
interface Worth {
  readonly index: number;
  /** The names of the values, for comments. */
  readonly prefix: string;
  /** Conditions on flags: none of these bits. */
  readonly without?: bigint;
}

/** The flags of clone(2) that make namespaces (linux/sched.h): CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET. */
const NAMESPACES = 0x7e020000n;

const WORTH: Readonly<Record<string, Worth>> = {
  clone: { index: 0, prefix: 'CLONE_', without: NAMESPACES },
  ioctl: { index: 1, prefix: '' },
  personality: { index: 0, prefix: 'PER_' },
  prctl: { index: 0, prefix: 'PR_' },
  setns: { index: 1, prefix: 'CLONE_' },
  socket: { index: 0, prefix: 'AF_' },
  socketpair: { index: 0, prefix: 'AF_' },
  unshare: { index: 0, prefix: 'CLONE_' },
};

/** More values than that are no restriction that anybody could review. */
const MOST_VALUES = 16;

/** A condition on traced calls, or why there is none. */
export type ArgumentRule =
  | { readonly name: string; readonly rule: Syscall; readonly comment: string }
  | { readonly name: string; readonly why: string };

/** Which arguments a trace has to tell apart for {@link argumentRules}. */
export function wantedArguments(name: string): readonly number[] {
  const worth = own(WORTH, name);
  return worth ? [worth.index] : [];
}

/** Rules with conditions for traced calls where they pay. A call in `whole` is needed by others with any arguments. */
export function argumentRules(calls: readonly CallUse[], whole: ReadonlySet<string>): ArgumentRule[] {
  const byName = Map.groupBy(
    calls.filter(({ name }) => name in WORTH),
    ({ name }) => name,
  );
  return [...byName].map(([name, uses]) => {
    const worth = own(WORTH, name) as Worth;
    // No runtime makes namespaces after it has loaded the filter.
    const isWhole = whole.has(name) && worth.without === undefined;
    const why = isWhole ? 'the runtime calls it too' : obstacle(name, uses, calls);
    return why === undefined ? ruleOf(name, uses, worth) : { name, why };
  });
}

function obstacle(name: string, uses: readonly CallUse[], calls: readonly CallUse[]): string | undefined {
  if (uses.some(({ arch }) => arch === 'SCMP_ARCH_X86') && name.startsWith('socket'))
    return 'a 32-bit program can call it through socketcall, whose arguments are in memory';
  if (name === 'clone' && calls.some(each => each.name === 'clone3'))
    return 'clone3 does the same, and its flags are in memory';
  if (uses.some(({ arch }) => name === 'clone' && arch === 'SCMP_ARCH_S390X')) return 's390x has its flags elsewhere';
  const values = valuesOf(uses);
  if (values.has(undefined)) return 'the traces do not show the argument as a number';
  if (values.size > MOST_VALUES) return `${values.size} values were seen`;
  return undefined;
}

const valuesOf = (uses: readonly CallUse[]) => new Set(uses.flatMap(({ args }) => [...args.values()]));

function ruleOf(name: string, uses: readonly CallUse[], { index, prefix, without }: Worth): ArgumentRule {
  const values = ([...valuesOf(uses)] as bigint[]).sort((a, b) => (a < b ? -1 : 1));
  if (without !== undefined) {
    if (values.some(value => (value & without) !== 0n)) return { name, why: 'the program makes namespaces with it' };
    const arg: Arg = { index, value: Number(without), valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' };
    return {
      name,
      rule: { names: [name], action: 'SCMP_ACT_ALLOW', args: [arg] },
      comment: `${name}, but for new namespaces.`,
    };
  }
  const shown = values.map(value => nameOfConstant(prefix, value) ?? `0x${value.toString(16)}`);
  return {
    name,
    rule: { names: [name], action: 'SCMP_ACT_ALLOW', args: values.map(value => equals(index, value)) },
    comment: `${name} with argument ${index} = ${shown.join(', ')}.`,
  };
}

const MASK32 = 0xffffffffn;

/**
 * All of these are ints: the kernel reads the lower half. Where the upper bit of that is set, what is in the upper half
 * depends on how the program was compiled, so that half is left out of the comparison.
 */
function equals(index: number, value: bigint): Arg {
  const low = value & MASK32;
  if (low < 2n ** 31n) return { index, value: Number(low), op: 'SCMP_CMP_EQ' };
  return { index, value: Number(MASK32), valueTwo: Number(low), op: 'SCMP_CMP_MASKED_EQ' };
}
