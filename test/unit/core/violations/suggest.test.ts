import { expect } from 'chai';
import fc from 'fast-check';
import type { SeccompProfileSpec, Syscall } from '../../../../src/core/api/seccomp-profile.ts';
import { ProfileView } from '../../../../src/core/lint/view.ts';
import { resolveBase } from '../../../../src/core/profile/base.ts';
import { allowing, applied, type Wanted } from '../../../../src/core/violations/allow-patch.ts';
import type { ProfileViolation } from '../../../../src/core/violations/ledger.ts';
import { suggestionsFor } from '../../../../src/core/violations/suggest.ts';

const ALLOW = 'SCMP_ACT_ALLOW';
const ERRNO = 'SCMP_ACT_ERRNO';
const KILL = 'SCMP_ACT_KILL_PROCESS';

const call = (syscall: string, architecture = 'SCMP_ARCH_X86_64'): Wanted => ({ syscall, architecture });
const plain = (spec: SeccompProfileSpec) => resolveBase('p', spec, () => undefined);
const operations = (spec: SeccompProfileSpec, ...calls: Wanted[]) =>
  allowing(spec, calls, plain).map(({ calls: _, ...operation }) => operation);

const violation = (syscall: string, over: Partial<ProfileViolation> = {}): ProfileViolation => ({
  syscall,
  architecture: 'SCMP_ARCH_X86_64',
  action: 'SCMP_ACT_LOG',
  arguments: 'Any',
  count: 1,
  inReports: 1,
  firstTime: '2026-11-24T12:00:00Z',
  lastTime: '2026-11-24T12:00:00Z',
  pods: [],
  nodes: [],
  ...over,
});

describe('the smallest patch that lets a call through', () => {
  it('adds a name to the rule that allows', () => {
    const spec: SeccompProfileSpec = { defaultAction: ERRNO, syscalls: [{ names: ['read'], action: ALLOW }] };
    expect(operations(spec, call('mkdir'), call('rmdir'))).to.deep.equal([
      { op: 'add', path: '/spec/syscalls/0/names/-', value: 'mkdir' },
      { op: 'add', path: '/spec/syscalls/0/names/-', value: 'rmdir' },
    ]);
  });

  it('makes a rule where there is none to add to', () => {
    const conditional: Syscall = { names: ['read'], action: ALLOW, args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 1 }] };
    const rule = { names: ['mkdir', 'rmdir'], action: ALLOW };
    expect(operations({ defaultAction: ERRNO, syscalls: [conditional] }, call('mkdir'), call('rmdir'))).to.deep.equal([
      { op: 'add', path: '/spec/syscalls/-', value: rule },
    ]);
    expect(operations({ defaultAction: ERRNO }, call('mkdir'), call('rmdir'))).to.deep.equal([
      { op: 'add', path: '/spec/syscalls', value: [rule] },
    ]);
  });

  it('takes the name out of a deny list', () => {
    const spec: SeccompProfileSpec = { defaultAction: ALLOW, syscalls: [{ names: ['mount', 'mkdir'], action: ERRNO }] };
    expect(operations(spec, call('mkdir'))).to.deep.equal([{ op: 'remove', path: '/spec/syscalls/0/names/1' }]);
  });

  it('takes the rule with its last name', () => {
    const spec: SeccompProfileSpec = { defaultAction: ALLOW, syscalls: [{ names: ['mount', 'mkdir'], action: ERRNO }] };
    expect(operations(spec, call('mkdir'), call('mount'))).to.deep.equal([{ op: 'remove', path: '/spec/syscalls/0' }]);
  });

  it('both takes out and adds, where a rule refuses harder than the default', () => {
    const syscalls: Syscall[] = [
      { names: ['mkdir', 'mount'], action: KILL },
      { names: ['read'], action: ALLOW },
    ];
    expect(operations({ defaultAction: ERRNO, syscalls }, call('mkdir'))).to.deep.equal([
      { op: 'add', path: '/spec/syscalls/1/names/-', value: 'mkdir' },
      { op: 'remove', path: '/spec/syscalls/0/names/0' },
    ]);
  });

  it('allows here what a base refuses', () => {
    const base: SeccompProfileSpec = { defaultAction: ERRNO, syscalls: [{ names: ['mkdir'], action: KILL }] };
    const spec: SeccompProfileSpec = { defaultAction: ERRNO, baseProfileName: 'base' };
    const resolve = (own: SeccompProfileSpec) => resolveBase('p', own, name => (name === 'base' ? base : undefined));
    const changes = allowing(spec, [call('mkdir')], resolve);
    expect(new ProfileView(resolve(applied(spec, changes))).allows('mkdir')).to.equal(true);
  });

  it('lists the architecture of 32-bit programs', () => {
    const spec: SeccompProfileSpec = { defaultAction: ERRNO, syscalls: [{ names: ['mkdir'], action: ALLOW }] };
    expect(operations(spec, call('mkdir', 'SCMP_ARCH_X86'))).to.deep.equal([
      { op: 'add', path: '/spec/architectures', value: ['SCMP_ARCH_X86'] },
    ]);
  });

  it('is none for what is let through', () => {
    expect(operations({ defaultAction: 'SCMP_ACT_LOG' }, call('mkdir'))).to.deep.equal([]);
  });

  it('lets through what was asked for, and changes nothing else, whatever the profile', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 4 });
    const rule: fc.Arbitrary<Syscall> = fc
      .record({
        names,
        action: fc.constantFrom(ALLOW, ERRNO, KILL, 'SCMP_ACT_LOG'),
        conditional: fc.boolean(),
      })
      .map(({ conditional, ...each }) => ({
        ...(each as Syscall),
        ...(conditional ? { args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 1 }] } : {}),
      }));
    const specs = fc.record({
      defaultAction: fc.constantFrom(ALLOW, ERRNO, KILL),
      syscalls: fc.array(rule, { maxLength: 5 }),
    });
    fc.assert(
      fc.property(specs, names, (given, wanted) => {
        const spec = given as SeccompProfileSpec;
        const after = applied(
          spec,
          allowing(
            spec,
            wanted.map(name => call(name)),
            plain,
          ),
        );
        const [before, now] = [new ProfileView(plain(spec)), new ProfileView(plain(after))];
        for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
          if (wanted.some(each => each === name)) expect(now.allows(name), name).to.equal(true);
          else expect(now.verdict(name).outcomes, name).to.deep.equal(before.verdict(name).outcomes);
        }
        expect(after.syscalls?.every(({ names: each }) => each.length > 0)).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what speaks against letting a call through', () => {
  const spec: SeccompProfileSpec = { defaultAction: ERRNO, syscalls: [{ names: ['read', 'execve'], action: ALLOW }] };
  const [mkdir, ptrace, clone] = suggestionsFor(
    spec,
    [violation('mkdir'), violation('ptrace'), violation('personality', { arguments: 'Conditional' })],
    plain,
  );

  it('is nothing for an ordinary one', () => {
    expect(mkdir).to.deep.include({ risks: [], isDangerous: false, isAllowed: false });
  });

  it('is what the linter says', () => {
    expect(ptrace?.isDangerous).to.equal(true);
    expect(ptrace?.risks.join()).to.contain('it reaches into other processes').and.to.contain('(dangerous-allow)');
  });

  it('is not that something else does not work', () => {
    expect(mkdir?.notes.join()).to.contain('mkdirat');
  });

  it('is that arguments are not known, where they decide', () => {
    expect(clone?.risks[0]).to.contain('whatever its arguments');
  });

  it('is not asked of one that is let through', () => {
    expect(suggestionsFor(spec, [violation('read')], plain)[0]).to.include({ isAllowed: true, isDangerous: false });
  });
});
