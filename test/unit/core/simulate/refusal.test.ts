import { expect } from 'chai';
import type { ResolvedSpec } from '../../../../src/core/profile/base.ts';
import type { Environment } from '../../../../src/core/simulate/environment.ts';
import { buildFilter } from '../../../../src/core/simulate/filter.ts';
import { Refusal, type RefusalCode } from '../../../../src/core/simulate/refusal.ts';

const RUNC: Environment = { native: 'SCMP_ARCH_X86_64', runtime: { name: 'runc' } };
const CRUN: Environment = { ...RUNC, runtime: { name: 'crun' } };

type Rules = NonNullable<ResolvedSpec['syscalls']>;

const ALLOW = 'SCMP_ACT_ALLOW';
const LOG = 'SCMP_ACT_LOG';
const eq = (index: number, value: number) => ({ index, value, op: 'SCMP_CMP_EQ' }) as const;
const gt = (index: number, value: number) => ({ index, value, op: 'SCMP_CMP_GT' }) as const;

const spec = (syscalls: Rules, rest: Partial<ResolvedSpec> = {}): ResolvedSpec => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls,
  ...rest,
});

function refusalOf(profile: ResolvedSpec, environment: Environment): [RefusalCode, number | undefined] | undefined {
  try {
    buildFilter(profile, environment);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return [error.code, error.rule];
    throw error;
  }
}

const REFUSED: [string, ResolvedSpec, Environment, RefusalCode, number?][] = [
  [
    'two actions under the same conditions',
    spec([
      { names: ['getpid'], action: ALLOW, args: [eq(0, 1)] },
      { names: ['getpid'], action: LOG, args: [eq(0, 1)] },
    ]),
    RUNC,
    'ConflictingRules',
    1,
  ],
  [
    'another action for a part of the conditions of an earlier rule',
    spec([
      { names: ['getpid'], action: ALLOW, args: [eq(0, 1), eq(1, 2)] },
      { names: ['getpid'], action: LOG, args: [eq(0, 1)] },
    ]),
    CRUN,
    'ConflictingRules',
    1,
  ],
  [
    'values that are the same in 32 bits, with i386 listed',
    spec(
      [
        { names: ['getpid'], action: ALLOW, args: [{ ...eq(0, 1), value: '0x100000005' }] },
        { names: ['getpid'], action: LOG, args: [eq(0, 5)] },
      ],
      { architectures: ['SCMP_ARCH_X86'] },
    ),
    RUNC,
    'ConflictingRules',
    1,
  ],
  [
    'a range before conditions on different arguments: libseccomp links its tests in a circle',
    spec([
      { names: ['getpid'], action: ALLOW, args: [gt(0, 5), eq(1, 1)] },
      { names: ['getpid'], action: ALLOW, args: [gt(0, 5), eq(2, 1)] },
    ]),
    RUNC,
    'EndlessFilter',
    1,
  ],
  ['errno 4095', spec([{ names: ['getpid'], action: 'SCMP_ACT_ERRNO', errnoRet: 4095 }]), RUNC, 'InvalidValue', 0],
  ['an errno with ALLOW, by crun', spec([{ names: ['getpid'], action: ALLOW, errnoRet: 1 }]), CRUN, 'InvalidValue', 0],
  ['argument 6', spec([{ names: ['getpid'], action: ALLOW, args: [eq(6, 1)] }]), RUNC, 'InvalidValue', 0],
  [
    'NOTIFY without a listener, by runc',
    spec([{ names: ['getpid'], action: 'SCMP_ACT_NOTIFY' }]),
    RUNC,
    'InvalidValue',
    0,
  ],
  ['s390x on x86_64', spec([], { architectures: ['SCMP_ARCH_S390X'] }), CRUN, 'ForeignArchitecture'],
  [
    'more instructions than the kernel takes',
    spec([
      {
        names: ['getpid'],
        action: ALLOW,
        args: Array.from({ length: 4200 }, (_, at) => eq(0, at)),
      },
    ]),
    RUNC,
    'TooLarge',
  ],
];

const TAKEN: [string, ResolvedSpec, Environment][] = [
  [
    'the same two rules, the one with fewer conditions first',
    spec([
      { names: ['getpid'], action: LOG, args: [eq(0, 1)] },
      { names: ['getpid'], action: ALLOW, args: [eq(0, 1), eq(1, 2)] },
    ]),
    CRUN,
  ],
  ['an errno with ALLOW, by runc', spec([{ names: ['getpid'], action: ALLOW, errnoRet: 1 }]), RUNC],
  [
    'a wrong errno for a call that libseccomp does not know',
    spec([{ names: ['nix'], action: 'SCMP_ACT_ERRNO', errnoRet: 4095 }]),
    RUNC,
  ],
  ['aarch64 on x86_64', spec([], { architectures: ['SCMP_ARCH_AARCH64'] }), CRUN],
];

describe('what no container starts with', () => {
  for (const [sentence, profile, environment, code, rule] of REFUSED) {
    it(`refused: ${sentence}`, () => expect(refusalOf(profile, environment)).to.deep.equal([code, rule]));
  }
  for (const [sentence, profile, environment] of TAKEN) {
    it(`taken: ${sentence}`, () => expect(refusalOf(profile, environment)).to.equal(undefined));
  }
});
