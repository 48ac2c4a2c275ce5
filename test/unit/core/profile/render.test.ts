import { expect } from 'chai';
import fc from 'fast-check';
import type { Arg, SeccompProfileSpec, Syscall } from '../../../../src/core/api/seccomp-profile.ts';
import { ProfileError } from '../../../../src/core/profile/errors.ts';
import { loadProblem } from '../../../../src/core/profile/loadable.ts';
import { renderProfile } from '../../../../src/core/profile/render.ts';

const ACTIONS = [
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_KILL_PROCESS',
] as const;
const action = fc.constantFrom(...ACTIONS);
const errno = fc.option(fc.nat(4094), { nil: undefined });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const arg = fc.record({
  index: fc.nat(5),
  op: fc.constantFrom('SCMP_CMP_EQ', 'SCMP_CMP_GT', 'SCMP_CMP_MASKED_EQ'),
  value: uint64.map(String),
  valueTwo: uint64.map(String),
}) as fc.Arbitrary<Arg>;
const syscall = fc.record(
  {
    names: fc.uniqueArray(fc.constantFrom('read', 'write', 'open', 'close', 'mmap', 'clone'), { minLength: 1 }),
    action,
    errnoRet: errno,
    args: fc.array(arg, { maxLength: 6 }),
  },
  { requiredKeys: ['names', 'action'] },
) as fc.Arbitrary<Syscall>;
const profile = fc.record(
  {
    defaultAction: action,
    defaultErrnoRet: errno,
    architectures: fc.uniqueArray(
      fc.constantFrom('SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_ARM', 'SCMP_ARCH_S390X'),
    ),
    flags: fc.uniqueArray(fc.constantFrom('SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_TSYNC')),
    listenerMetadata: fc.string(),
    syscalls: fc.array(syscall, { maxLength: 5 }),
  },
  { requiredKeys: ['defaultAction'] },
) as fc.Arbitrary<SeccompProfileSpec>;

/** The same in meaning: the fields of every object, the sets and the names of every rule the other way round. */
function reordered(spec: SeccompProfileSpec): SeccompProfileSpec {
  const backwards = <T extends object>(value: T) => Object.fromEntries(Object.entries(value).reverse()) as T;
  const { architectures, flags, syscalls } = spec;
  return backwards({
    ...spec,
    ...(architectures ? { architectures: architectures.toReversed() } : {}),
    ...(flags ? { flags: flags.toReversed() } : {}),
    ...(syscalls
      ? {
          syscalls: syscalls.map(each =>
            backwards({
              ...each,
              names: each.names.toReversed(),
              ...(each.args ? { args: each.args.map(backwards) } : {}),
            }),
          ),
        }
      : {}),
  });
}

describe('a rendered profile', () => {
  it('is byte for byte the same whatever the order of fields, sets and names', () => {
    fc.assert(
      fc.property(profile, spec => {
        expect(renderProfile(reordered(spec), 'amd64')).to.equal(renderProfile(spec, 'amd64'));
      }),
    );
  });

  it('is what a runtime can load, whatever the profile', () => {
    fc.assert(
      fc.property(profile, fc.constantFrom('amd64', 'arm64', 's390x', 'riscv64'), (spec, node) => {
        expect(loadProblem(renderProfile(spec, node))).to.equal(undefined);
      }),
    );
  });

  it('holds every value to the last digit', () => {
    fc.assert(
      fc.property(uint64, uint64, (value, valueTwo) => {
        const args: Arg[] = [
          { index: 0, op: 'SCMP_CMP_MASKED_EQ', value: `0x${value.toString(16)}`, valueTwo: String(valueTwo) },
        ];
        const text = renderProfile(withRule({ names: ['clone'], action: 'SCMP_ACT_ALLOW', args }), 'amd64');
        const written = [...text.matchAll(/"value(?:Two)?": (\d+)/g)].map(([, digits]) => BigInt(digits as string));
        expect(written).to.deep.equal([value, valueTwo]);
      }),
    );
  });

  it('has the rules in the order they were written: the first for a call holds', () => {
    const names = [['write'], ['read', 'close'], ['close']];
    const syscalls = names.map(
      (each, at): Syscall => ({ names: each, action: at ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_LOG' }),
    );
    expect(fields({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }).syscalls).to.deep.equal([
      { names: ['write'], action: 'SCMP_ACT_LOG' },
      { names: ['close', 'read'], action: 'SCMP_ACT_ALLOW' },
      { names: ['close'], action: 'SCMP_ACT_ALLOW' },
    ]);
  });

  it('names a call once in a rule', () => {
    const { syscalls } = fields(withRule({ names: ['read', 'read'], action: 'SCMP_ACT_ALLOW' }));
    expect(syscalls).to.deep.equal([{ names: ['read'], action: 'SCMP_ACT_ALLOW' }]);
  });

  it('has a rule even where the profile has none, one that says what the default says', () => {
    expect(fields({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38, syscalls: [] })).to.deep.equal({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      syscalls: [{ names: ['exit_group'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }],
    });
  });

  it('has an error number only where the action takes one, since crun refuses others', () => {
    const rendered = fields({
      defaultAction: 'SCMP_ACT_ALLOW',
      defaultErrnoRet: 1,
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_KILL_PROCESS', errnoRet: 1 },
        { names: ['write'], action: 'SCMP_ACT_TRACE', errnoRet: 0 },
      ],
    });
    expect(rendered).to.deep.equal({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_KILL_PROCESS' },
        { names: ['write'], action: 'SCMP_ACT_TRACE', errnoRet: 0 },
      ],
    });
  });

  it('has a second value only where it is read', () => {
    const args: Arg[] = [
      { index: 0, op: 'SCMP_CMP_EQ', valueTwo: 0 },
      { index: 1, op: 'SCMP_CMP_MASKED_EQ', value: 7 },
    ];
    expect(fields(withRule({ names: ['read'], action: 'SCMP_ACT_ALLOW', args })).syscalls[0]?.args).to.deep.equal([
      { index: 0, value: 0, op: 'SCMP_CMP_EQ' },
      { index: 1, value: 7, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' },
    ]);
  });

  it('has flags only when there are some: runc before 1.2 refuses the field', () => {
    expect(fields({ defaultAction: 'SCMP_ACT_ALLOW', flags: [] })).to.not.have.property('flags');
    expect(fields({ defaultAction: 'SCMP_ACT_ALLOW', flags: ['SECCOMP_FILTER_FLAG_LOG'] }).flags).to.deep.equal([
      'SECCOMP_FILTER_FLAG_LOG',
    ]);
  });

  it('has no field that is not of the OCI specification, whatever the profile says beside', () => {
    const more = { state: 'Enabled', disabled: false, surprise: true } as object;
    expect(fields({ ...withRule({ names: ['read'], action: 'SCMP_ACT_ALLOW' }), ...more })).to.have.all.keys(
      'defaultAction',
      'syscalls',
    );
  });

  it('is not made of a value beyond 64 bits: the error names the field', () => {
    const args: Arg[] = [
      { index: 0, op: 'SCMP_CMP_EQ', value: 0 },
      { index: 0, op: 'SCMP_CMP_EQ', value: '18446744073709551616' },
    ];
    expect(() => renderProfile(withRule({ names: ['read'], action: 'SCMP_ACT_ALLOW', args }), 'amd64')).to.throw(
      ProfileError,
      'spec.syscalls[0].args[1].value',
    );
  });
});

function withRule(rule: Syscall): SeccompProfileSpec {
  return { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [rule] };
}

interface Fields {
  flags?: string[];
  syscalls: { args?: object[] }[];
}

function fields(spec: SeccompProfileSpec): Fields {
  return JSON.parse(renderProfile(spec, 'amd64')) as Fields;
}
