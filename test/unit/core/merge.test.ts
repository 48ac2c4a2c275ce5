import { expect } from 'chai';
import fc from 'fast-check';
import type { Arg, SeccompProfileSpec, Syscall } from '../../../src/core/api/seccomp-profile.ts';
import { MergeError, merge } from '../../../src/core/merge/merge.ts';
import { isLessRestrictive } from '../../../src/core/profile/actions.ts';
import { decide } from '../../../src/core/simulate/decide.ts';
import { buildFilter } from '../../../src/core/simulate/filter.ts';
import { Refusal } from '../../../src/core/simulate/refusal.ts';

const allow = (names: string[], ...args: Arg[]): Syscall => ({
  names,
  action: 'SCMP_ACT_ALLOW',
  ...(args.length ? { args } : {}),
});
const equals = (value: number): Arg => ({ index: 0, value, op: 'SCMP_CMP_EQ' });
const list = (...syscalls: Syscall[]): SeccompProfileSpec => ({ defaultAction: 'SCMP_ACT_ERRNO', syscalls });
const rulesOf = (...specs: SeccompProfileSpec[]) =>
  merge(specs[0] as SeccompProfileSpec, ...specs.slice(1)).spec.syscalls;

describe('profiles that are merged', () => {
  it('allow what any of them allows, in few rules', () => {
    expect(
      rulesOf(list(allow(['read'])), list(allow(['write']), allow(['read'])), list(allow(['close']))),
    ).to.deep.equal([allow(['close', 'read', 'write'])]);
  });

  it('lose conditions where another one has none', () => {
    expect(rulesOf(list(allow(['socket'], equals(1))), list(allow(['socket'])))).to.deep.equal([allow(['socket'])]);
  });

  it('keep all conditions under which a call is allowed', () => {
    expect(rulesOf(list(allow(['socket'], equals(1))), list(allow(['socket'], equals(2))))).to.deep.equal([
      allow(['socket'], equals(1)),
      allow(['socket'], equals(2)),
    ]);
    const refused: Syscall = { names: ['socket'], action: 'SCMP_ACT_KILL_PROCESS' };
    expect(rulesOf(list(allow(['socket'], equals(1))), list(refused))).to.deep.equal([allow(['socket'], equals(1))]);
  });

  it('of a deny list keep what all deny', () => {
    const deny = (...names: string[]): SeccompProfileSpec => ({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names, action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
    });
    expect(merge(deny('mount', 'bpf'), deny('mount', 'ptrace')).spec).to.deep.equal({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
    });
    expect(merge(deny('mount'), list(allow(['mount']))).spec.syscalls).to.deep.equal([]);
  });

  it('say which conditions went, and of what no list of rules can be made', () => {
    const kill: Syscall = { names: ['clone'], action: 'SCMP_ACT_KILL_PROCESS', args: [equals(1)] };
    expect(
      merge({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [kill] }, { defaultAction: 'SCMP_ACT_ALLOW' }).notes,
    ).to.deep.equal([
      'clone: a condition for SCMP_ACT_KILL_PROCESS is left out, since another profile says SCMP_ACT_ALLOW there',
    ]);
    const log: Syscall = { names: ['clone'], action: 'SCMP_ACT_LOG' };
    expect(() => merge(list(log), list(allow(['clone'], equals(1))))).to.throw(
      MergeError,
      'write the rules for clone by hand',
    );
    expect(() => merge({ ...list(), listenerPath: '/a' }, { ...list(), listenerPath: '/b' })).to.throw(
      MergeError,
      'listenerPath',
    );
  });

  it('treat every call as the milder of the two does, whatever the profiles', () => {
    let equal = 0;
    fc.assert(
      fc.property(profile, profile, call, (a, b, { name, args }) => {
        const merged = mergedOrNothing(a, b);
        const [one, two, sum] = [a, b, merged?.spec].map(spec => spec && outcome(spec, name, args));
        if (!merged || !one || !two || !sum) return;
        const milder = isLessRestrictive(two, one) ? two : one;
        expect(isLessRestrictive(milder, sum), `${sum} where ${milder} was`).to.equal(false);
        if (merged.notes.length) return;
        expect(sum).to.equal(milder);
        equal += 1;
      }),
      { numRuns: 2_000 },
    );
    expect(equal, 'most can be compared').to.be.greaterThan(500);
  });
});

function mergedOrNothing(a: SeccompProfileSpec, b: SeccompProfileSpec) {
  try {
    return merge(a, b);
  } catch (error) {
    if (error instanceof MergeError) return undefined;
    throw error;
  }
}

/** What the simulator is certain of. */
function outcome(spec: SeccompProfileSpec, name: string, args: readonly bigint[]): string | undefined {
  try {
    const filter = buildFilter(spec, { native: 'SCMP_ARCH_X86_64', runtime: { name: 'crun' } });
    const { action, certainty } = decide(filter, { call: name, args });
    return certainty === 'certain' ? action : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

const NAMES = ['read', 'write', 'socket', 'clone'];
const action = fc.constantFrom('SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_ERRNO', 'SCMP_ACT_KILL_PROCESS');
const arg = fc.record({
  index: fc.nat(1),
  value: fc.nat(3),
  op: fc.constantFrom('SCMP_CMP_EQ', 'SCMP_CMP_GT', 'SCMP_CMP_NE'),
});
const rule = fc.record(
  {
    names: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }),
    action,
    args: fc.uniqueArray(arg, { maxLength: 2, selector: ({ index }) => index }),
  },
  { requiredKeys: ['names', 'action'] },
);
const profile = fc.record({
  defaultAction: action,
  syscalls: fc.array(rule, { maxLength: 4 }),
}) as fc.Arbitrary<SeccompProfileSpec>;
const call = fc.record({
  name: fc.constantFrom(...NAMES),
  args: fc.array(fc.nat(4).map(BigInt), { minLength: 6, maxLength: 6 }),
});
