import { expect } from 'chai';
import fc from 'fast-check';
import type { SeccompProfileSpec, Syscall } from '../../../../src/core/api/seccomp-profile.ts';
import { dependencies, MAX_DEPTH, resolveBase } from '../../../../src/core/profile/base.ts';
import { ProfileError } from '../../../../src/core/profile/errors.ts';

type Profiles = Record<string, SeccompProfileSpec>;

const rule = (action: Syscall['action'], names: string[], more: Partial<Syscall> = {}): Syscall => ({
  names,
  action,
  ...more,
});
const allow = (...names: string[]) => rule('SCMP_ACT_ALLOW', names);
const refuse = (...names: string[]) => rule('SCMP_ACT_ERRNO', names);
const spec = (syscalls: Syscall[], baseProfileName?: string): SeccompProfileSpec => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls,
  ...(baseProfileName ? { baseProfileName } : {}),
});

const lookupIn = (profiles: Profiles) => (name: string) => profiles[name];
const resolved = (own: SeccompProfileSpec, bases: Profiles) => resolveBase('own', own, lookupIn(bases)).syscalls;

describe('a profile with a base', () => {
  it('has its own rules, then those of the base, then those of the base of that', () => {
    const bases = { base: spec([allow('write')], 'core'), core: spec([allow('exit')]) };
    expect(resolved(spec([allow('read')], 'base'), bases)).to.deep.equal([
      allow('read'),
      allow('write'),
      allow('exit'),
    ]);
  });

  it('keeps its own default action, architectures and flags', () => {
    const own = { ...spec([], 'base'), flags: ['SECCOMP_FILTER_FLAG_LOG' as const] };
    const base = {
      ...spec([allow('read')]),
      defaultAction: 'SCMP_ACT_LOG' as const,
      architectures: ['SCMP_ARCH_X86' as const],
    };
    expect(resolveBase('own', own, lookupIn({ base }))).to.deep.equal({
      defaultAction: 'SCMP_ACT_ERRNO',
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      syscalls: [allow('read')],
    });
  });

  it('may have no rules of its own', () => {
    const own: SeccompProfileSpec = { defaultAction: 'SCMP_ACT_ERRNO', baseProfileName: 'base' };
    expect(resolved(own, { base: spec([allow('read')]) })).to.deep.equal([allow('read')]);
  });

  it('allows a call that the base allows and it refuses, and leaves the other names of the rule', () => {
    const bases = { base: spec([allow('mkdir', 'rmdir')]) };
    expect(resolved(spec([refuse('chmod', 'mkdir')], 'base'), bases)).to.deep.equal([
      refuse('chmod'),
      allow('mkdir', 'rmdir'),
    ]);
  });

  it('allows a call that it allows and the base refuses', () => {
    const bases = { base: spec([refuse('mkdir', 'chmod')]) };
    expect(resolved(spec([allow('mkdir')], 'base'), bases)).to.deep.equal([allow('mkdir'), refuse('chmod')]);
  });

  it('says the number of its own rule where both refuse', () => {
    const own = rule('SCMP_ACT_ERRNO', ['mkdir'], { errnoRet: 38 });
    expect(
      resolved(spec([own], 'base'), { base: spec([rule('SCMP_ACT_ERRNO', ['mkdir'], { errnoRet: 1 })]) }),
    ).to.deep.equal([own]);
  });

  it('takes conditions as the same whatever their order and the way their values are written', () => {
    const own = rule('SCMP_ACT_ERRNO', ['clone'], {
      args: [
        { index: 0, op: 'SCMP_CMP_EQ', value: 255 },
        { index: 1, op: 'SCMP_CMP_MASKED_EQ', value: '0xf0' },
      ],
    });
    const base = rule('SCMP_ACT_ALLOW', ['clone'], {
      args: [
        { index: 1, op: 'SCMP_CMP_MASKED_EQ', value: 240, valueTwo: 0 },
        { index: 0, op: 'SCMP_CMP_EQ', value: '0xFF' },
      ],
    });
    expect(resolved(spec([own], 'base'), { base: spec([base]) })).to.deep.equal([base]);
  });

  it('keeps rules with other conditions apart', () => {
    const own = rule('SCMP_ACT_ERRNO', ['clone'], { args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 1 }] });
    const base = rule('SCMP_ACT_ALLOW', ['clone'], { args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 2 }] });
    expect(resolved(spec([own], 'base'), { base: spec([base]) })).to.deep.equal([own, base]);
  });

  it('does not change what it says by itself: of two rules for one call the first holds', () => {
    const own = spec([refuse('mkdir'), allow('mkdir')], 'base');
    expect(resolved(own, { base: spec([allow('read')]) })).to.deep.equal([refuse('mkdir'), allow('read')]);
  });

  it('stays as it is written when it has no base', () => {
    const own = spec([refuse('mkdir', 'mkdir'), allow('mkdir')]);
    expect(resolved(own, {})).to.deep.equal(own.syscalls);
  });

  it('gives each call the action of the least restrictive layer, whichever layer that is', () => {
    const actions = [
      'SCMP_ACT_ALLOW',
      'SCMP_ACT_LOG',
      'SCMP_ACT_TRACE',
      'SCMP_ACT_NOTIFY',
      'SCMP_ACT_ERRNO',
      'SCMP_ACT_TRAP',
      'SCMP_ACT_KILL_THREAD',
      'SCMP_ACT_KILL_PROCESS',
    ] as const;
    const layer = fc.dictionary(fc.constantFrom('read', 'write', 'open', 'close'), fc.constantFrom(...actions));
    const rulesOf = (each: Record<string, Syscall['action']>) =>
      Object.entries(each).map(([name, action]) => rule(action, [name]));
    fc.assert(
      fc.property(fc.tuple(layer, layer, layer), layers => {
        const [own, base, core] = layers.map(rulesOf) as [Syscall[], Syscall[], Syscall[]];
        const result = resolved(spec(own, 'base'), { base: spec(base, 'core'), core: spec(core) }) ?? [];
        const expected = new Map<string, string>();
        for (const name of layers.flatMap(each => Object.keys(each))) {
          const [least] = actions.filter(action => layers.some(each => each[name] === action));
          expected.set(name, least as string);
        }
        expect(new Map(result.flatMap(({ names, action }) => names.map(name => [name, action])))).to.deep.equal(
          expected,
        );
        expect(result.flatMap(({ names }) => names)).to.have.lengthOf(expected.size);
      }),
    );
  });
});

describe('a base that cannot be resolved', () => {
  const failure = (own: SeccompProfileSpec, bases: Profiles): ProfileError => {
    try {
      resolved(own, bases);
    } catch (error) {
      if (error instanceof ProfileError) return error;
      throw error;
    }
    throw new Error('it was resolved');
  };

  it('is named, with the chain that leads to it, when it is missing', () => {
    const { reason, message } = failure(spec([], 'base'), { base: spec([], 'core') });
    expect(reason).to.equal('BaseNotFound');
    expect(message).to.contain('spec.baseProfileName').and.contain('"core"').and.contain('own -> base -> core');
  });

  it('is shown as a chain that comes back to a profile', () => {
    const { reason, message } = failure(spec([], 'a'), { a: spec([], 'b'), b: spec([], 'a') });
    expect(reason).to.equal('BaseCycle');
    expect(message).to.contain('own -> a -> b -> a');
  });

  it('is a cycle when a profile names itself', () => {
    expect(failure(spec([], 'own'), { own: spec([], 'own') }).message).to.contain('own -> own');
  });

  const tower = (height: number): Profiles =>
    Object.fromEntries(
      Array.from({ length: height }, (_, at) => [
        `b${at}`,
        spec([allow(`call${at}`)], at + 1 < height ? `b${at + 1}` : undefined),
      ]),
    );

  it(`is too deep above ${MAX_DEPTH} bases, and not before`, () => {
    expect(resolved(spec([], 'b0'), tower(MAX_DEPTH))).to.have.lengthOf(MAX_DEPTH);
    expect(failure(spec([], 'b0'), tower(MAX_DEPTH + 1)).reason).to.equal('BaseTooDeep');
  });
});

describe('what a profile depends on', () => {
  const bases: Profiles = { a: spec([], 'b'), b: spec([], 'a') };

  it('is every base of the chain', () => {
    expect(dependencies(spec([], 'x'), lookupIn({ x: spec([], 'y'), y: spec([]) }))).to.deep.equal(['x', 'y']);
  });

  it('is also a base that is missing, so that it heals when that one comes', () => {
    expect(dependencies(spec([], 'x'), lookupIn({ x: spec([], 'y') }))).to.deep.equal(['x', 'y']);
  });

  it('ends where a cycle closes', () => {
    expect(dependencies(spec([], 'a'), lookupIn(bases))).to.deep.equal(['a', 'b']);
  });

  it('is nothing without a base', () => {
    expect(dependencies(spec([]), lookupIn({}))).to.deep.equal([]);
  });
});
