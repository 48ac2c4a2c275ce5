import fc from 'fast-check';
import type { Arg, Syscall } from '../../../src/core/api/seccomp-profile.ts';
import type { ResolvedSpec } from '../../../src/core/profile/base.ts';
import type { Call } from '../../../src/core/simulate/decide.ts';
import type { Runtime } from '../../../src/core/simulate/environment.ts';
import { type SyscallArch, syscallNumber } from '../../../src/core/syscalls/table.ts';

/** A node's architecture: as Go, libseccomp's functions and profiles name it, and what else its kernel runs. */
export interface Machine {
  readonly go: string;
  readonly native: string;
  readonly family: readonly [SyscallArch, ...SyscallArch[]];
}

export const X86_64: Machine = {
  go: 'amd64',
  native: 'x86_64',
  family: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
};

/** All that libseccomp 2.5 has. */
export const MACHINES: readonly Machine[] = [
  X86_64,
  { go: 'arm64', native: 'aarch64', family: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'] },
  { go: 's390x', native: 's390x', family: ['SCMP_ARCH_S390X'] },
  { go: 'ppc64le', native: 'ppc64le', family: ['SCMP_ARCH_PPC64LE'] },
  { go: 'riscv64', native: 'riscv64', family: ['SCMP_ARCH_RISCV64'] },
];

/** A profile on a machine, and calls to ask about. */
export interface Case {
  readonly machine: Machine;
  readonly runtime: Runtime['name'];
  readonly spec: ResolvedSpec;
  readonly calls: readonly Required<Call>[];
}

/** Ordinary ones, multiplexed ones, ones that some architectures lack, new ones, and a name that there is not. */
const NAMES = [
  ...['read', 'write', 'getpid', 'getuid', 'prctl', 'ioctl', 'clone', 'mmap', 'personality', 'exit_group'],
  ...['socket', 'accept', 'send', 'recvfrom', 'setsockopt', 'accept4', 'socketcall', 'ipc', 'semop', 'shmat', 'msgget'],
  ...['open', 'mmap2', 'stat64', 'time', 'arch_prctl', 'fork', 'breakpoint', 'setup', 'waitpid'],
  ...['clone3', 'openat2', 'futex_waitv', 'mseal', 'no_such_call'],
];

/** Bounds of what is compared: small numbers, flags, around 2^32 and 2^64, ints below zero in both forms. */
const VALUES = [
  ...[0n, 1n, 2n, 3n, 5n, 7n, 16n, 0xffn, 0x7e020000n, 0x7fffffffn, 0x80000000n, 0xffffff9cn, 0xfffffffen, 0xffffffffn],
  ...[0x100000000n, 0x100000001n, 0x100000005n, 0x1ffffffffn, 0x200000000n, 0x500000007n, 0x7fffffffffffffffn],
  ...[0x8000000000000000n, 0xffffffff00000000n, 0xffffffffffffff9cn, 0xfffffffffffffffen, 0xffffffffffffffffn],
];

/** Calls that do no harm whatever the arguments, and never fail. */
export const HARMLESS = [
  ...['getpid', 'gettid', 'getppid', 'getuid', 'geteuid', 'getgid', 'getegid', 'getpgrp', 'sched_yield'],
];

const value = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...VALUES) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
);
const comparison = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Arg['op']>('SCMP_CMP_EQ') },
  { weight: 2, arbitrary: fc.constant<Arg['op']>('SCMP_CMP_MASKED_EQ') },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Arg['op'][]>('SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_LE', 'SCMP_CMP_GE', 'SCMP_CMP_GT'),
  },
);
const arg: fc.Arbitrary<Arg> = fc
  .record({ index: fc.oneof(fc.nat({ max: 2 }), fc.nat({ max: 5 })), value, valueTwo: value, op: comparison })
  .map(({ index, value, valueTwo, op }) => ({ index, value: String(value), valueTwo: String(valueTwo), op }));

const ACTIONS: readonly [Syscall['action'], number?][] = [
  ['SCMP_ACT_ALLOW'],
  ['SCMP_ACT_ALLOW'],
  ['SCMP_ACT_LOG'],
  ['SCMP_ACT_ERRNO'],
  ['SCMP_ACT_ERRNO', 0],
  ['SCMP_ACT_ERRNO', 38],
  ['SCMP_ACT_ERRNO', 65_541],
  ['SCMP_ACT_TRAP'],
  ['SCMP_ACT_TRACE', 7],
  ['SCMP_ACT_KILL'],
  ['SCMP_ACT_KILL_PROCESS'],
];

/** Some profiles speak of one call over and over, where rules meet; some of many. */
const rulesOf = (name: fc.Arbitrary<string>, most: number): fc.Arbitrary<Syscall[]> =>
  fc
    .record({
      pool: fc.uniqueArray(name, { minLength: 1, maxLength: most }),
      rules: fc.array(
        fc.record({
          names: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
          others: fc.oneof(
            { weight: 9, arbitrary: fc.constant<string[]>([]) },
            { weight: 1, arbitrary: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 10, maxLength: 30 }) },
          ),
          action: fc.constantFrom(...ACTIONS),
          args: fc.oneof(
            { weight: 2, arbitrary: fc.constant<Arg[]>([]) },
            { weight: 3, arbitrary: fc.array(arg, { minLength: 1, maxLength: 1 }) },
            { weight: 3, arbitrary: fc.array(arg, { minLength: 2, maxLength: 4 }) },
          ),
        }),
        { minLength: 1, maxLength: 7 },
      ),
    })
    .map(({ pool, rules }) =>
      rules.map(({ names, others, action: [action, errnoRet], args }) => ({
        names: [...names.map(at => pool[at % pool.length] ?? 'read'), ...(args.length ? [] : others)],
        action,
        ...(errnoRet !== undefined && { errnoRet }),
        args,
      })),
    );

const DEFAULTS: readonly [ResolvedSpec['defaultAction'], number?][] = [
  ['SCMP_ACT_ERRNO'],
  ['SCMP_ACT_ERRNO', 38],
  ['SCMP_ACT_ALLOW'],
  ['SCMP_ACT_LOG'],
  ['SCMP_ACT_TRAP'],
  ['SCMP_ACT_KILL'],
  ['SCMP_ACT_KILL_PROCESS'],
];

/** Profiles as they may be written, on one of the machines; `queries` calls each, with arguments near the rules' values. */
export function cases(machines: readonly Machine[], queries: number, names = NAMES): fc.Arbitrary<Case> {
  const name = fc.constantFrom(...names);
  return fc
    .record({
      machine: fc.constantFrom(...machines),
      runtime: fc.constantFrom<Runtime['name'][]>('runc', 'crun'),
      byDefault: fc.constantFrom(...DEFAULTS),
      syscalls: rulesOf(name, Math.min(10, names.length)),
      listed: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      queries: fc.array(
        fc.record({
          arch: fc.nat(),
          rule: fc.option(fc.nat()),
          name,
          args: fc.array(fc.tuple(fc.nat(), value, fc.integer({ min: -1, max: 1 })), { minLength: 6, maxLength: 6 }),
        }),
        { minLength: queries, maxLength: queries },
      ),
    })
    .map(({ machine, runtime, byDefault: [defaultAction, defaultErrnoRet], syscalls, listed, queries }) => ({
      machine,
      runtime,
      spec: {
        defaultAction,
        ...(defaultErrnoRet !== undefined && { defaultErrnoRet }),
        architectures: machine.family.filter((_, at) => listed[at]),
        syscalls,
      },
      calls: queries.flatMap(query => callOf(query, machine, syscalls, names)),
    }));
}

interface Query {
  readonly arch: number;
  readonly rule: number | null;
  readonly name: string;
  readonly args: readonly (readonly [number, bigint, number])[];
}

function callOf(
  { arch, rule, name, args }: Query,
  { family }: Machine,
  syscalls: readonly Syscall[],
  names: readonly string[],
): Required<Call>[] {
  const architecture = family[arch % family.length] ?? family[0];
  const ofRule =
    rule === null ? [] : (syscalls[rule % syscalls.length]?.names ?? []).filter(each => names.includes(each));
  const call = ofRule[arch % ofRule.length] ?? name;
  if (syscallNumber(architecture, call) === undefined) return [];
  const width = architecture === 'SCMP_ARCH_X86' || architecture === 'SCMP_ARCH_ARM' ? 32 : 64;
  const near = syscalls.flatMap(each => (each.args ?? []).flatMap(({ value, valueTwo }) => [value, valueTwo]));
  const known = args.map(([at, other, step]) => {
    const base = near.length && at % 3 ? BigInt(near[at % near.length] ?? 0) + BigInt(at % 2 ? step : 0) : other;
    return BigInt.asUintN(width, base);
  });
  return [{ architecture, call, args: known }];
}
