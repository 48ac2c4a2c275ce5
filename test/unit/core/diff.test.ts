import { expect } from 'chai';
import type { SeccompProfileSpec, Syscall } from '../../../src/core/api/seccomp-profile.ts';
import { diff, groupsOf } from '../../../src/core/diff/diff.ts';
import { buildFilter } from '../../../src/core/simulate/filter.ts';

const filter = (spec: SeccompProfileSpec) =>
  buildFilter(spec, { native: 'SCMP_ARCH_X86_64', runtime: { name: 'crun' } });
const allow = (names: string[], fields: Partial<Syscall> = {}): Syscall => ({
  names,
  action: 'SCMP_ACT_ALLOW',
  ...fields,
});
const list = (...syscalls: Syscall[]): SeccompProfileSpec => ({ defaultAction: 'SCMP_ACT_ERRNO', syscalls });

function groups(before: SeccompProfileSpec, after: SeccompProfileSpec) {
  const difference = diff(filter(before), filter(after));
  return groupsOf(difference, 'SCMP_ARCH_X86_64').map(({ kind, calls, before: was, after: is }) => [
    kind,
    calls.join(),
    `${was.join()} -> ${is.join()}`,
  ]);
}

describe('the difference of two profiles', () => {
  it('is none however the same is written', () => {
    expect(
      groups(list(allow(['read', 'write'])), list(allow(['write']), allow(['read']), allow(['read']))),
    ).to.deep.equal([]);
    expect(
      groups(list(allow(['read'])), {
        ...list(),
        syscalls: [allow(['read']), { names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }],
      }),
    ).to.deep.equal([]);
  });

  it('names what became allowed, refused, logged, or otherwise refused', () => {
    const before = list(allow(['read', 'write']), { names: ['mkdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 });
    const after = list(
      allow(['read', 'rmdir', 'mkdir']),
      { names: ['chdir'], action: 'SCMP_ACT_LOG' },
      { names: ['kill'], action: 'SCMP_ACT_TRAP' },
    );
    expect(groups(before, after)).to.deep.equal([
      ['became allowed', 'chdir', 'refused with EPERM -> allowed and logged'],
      ['became allowed', 'mkdir,rmdir', 'refused with ENOSYS,refused with EPERM -> allowed'],
      ['became refused', 'write', 'allowed -> refused with EPERM'],
      ['result changed', 'kill', 'refused with EPERM -> refused with SIGSYS'],
    ]);
  });

  it('shows conditions in words', () => {
    const unix = allow(['socket'], { args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] });
    expect(groups(list(allow(['read']), unix), list(allow(['read', 'socket'])))).to.deep.equal([
      ['conditions changed', 'socket', 'allowed if argument 0 = AF_UNIX, else refused with EPERM -> allowed'],
    ]);
  });

  it('tells which programs may run at all, and what differs for those of 32 bits only', () => {
    const both: SeccompProfileSpec = { ...list(allow(['read', 'exit_group'])), architectures: ['SCMP_ARCH_X86'] };
    const { architectures, changes } = diff(filter(list(allow(['read', 'exit_group']))), filter(both));
    expect(architectures).to.deep.equal([{ architecture: 'SCMP_ARCH_X86', before: false, after: true }]);
    expect(changes).to.deep.equal([]);
    const more = { ...both, syscalls: [allow(['read', 'exit_group', 'mmap2', 'write'])] };
    const told = groupsOf(diff(filter(both), filter(more)), 'SCMP_ARCH_X86_64');
    expect(told.map(({ architecture, calls }) => [architecture, calls])).to.deep.equal([
      [undefined, ['write']],
      ['SCMP_ARCH_X86', ['mmap2']],
    ]);
  });
});
