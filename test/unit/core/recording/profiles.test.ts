import { expect } from 'chai';
import { lint } from '../../../../src/core/lint/lint.ts';
import { DEFAULT_TARGET } from '../../../../src/core/lint/target.ts';
import { renderProfile } from '../../../../src/core/profile/render.ts';
import { unloggedNames } from '../../../../src/core/recording/groups.ts';
import { recordedSpec, recordingSpec } from '../../../../src/core/recording/profiles.ts';

const X86_64 = 'SCMP_ARCH_X86_64';
const allowed = (spec: ReturnType<typeof recordedSpec>) => (spec.syscalls ?? []).flatMap(({ names }) => names);

describe('the profile of a recording', () => {
  it('refuses nothing while it records, in whatever mode', () => {
    const spec = recordingSpec('Include');
    for (const mode of ['Audit', 'Enforce'] as const) {
      const { defaultAction, syscalls } = JSON.parse(renderProfile({ ...spec, mode }, 'amd64'));
      expect(defaultAction).to.equal('SCMP_ACT_LOG');
      expect(syscalls.map((rule: { action: string }) => rule.action)).to.deep.equal(['SCMP_ACT_ALLOW']);
    }
  });

  it('lets programs of the other architectures of the node run', () => {
    expect(JSON.parse(renderProfile(recordingSpec('Include'), 'amd64')).architectures).to.include('SCMP_ARCH_X86');
  });

  for (const choice of ['Include', 'Record'] as const)
    it(`has all that it did not log, with frequentCalls ${choice}`, () => {
      const spec = recordedSpec([{ architecture: X86_64, syscalls: ['mkdir'] }], choice);
      const names = new Set(allowed(spec));
      const exists = unloggedNames(choice).filter(name => !/64$|^_|^sigreturn$/.test(name));
      expect(exists.filter(name => !names.has(name))).to.deep.equal([]);
    });

  it('logs calls that programs make all the time only where told', () => {
    expect(unloggedNames('Include')).to.include('recvmsg');
    expect(unloggedNames('Record')).to.not.include('recvmsg');
    expect(unloggedNames('Record')).to.include.members(['read', 'futex', 'execve', 'clock_gettime', 'exit_group']);
  });

  it('logs what opens, names or makes something', () => {
    const telling = [
      'socket',
      'bind',
      'connect',
      'accept4',
      'unlink',
      'mkdir',
      'mount',
      'ptrace',
      'ioctl',
      'kill',
      'bpf',
    ];
    expect(unloggedNames('Include').filter(name => telling.includes(name))).to.deep.equal([]);
  });

  it('is in the end an allow list in mode Audit, of what was seen and what it needs anyway', () => {
    const spec = recordedSpec([{ architecture: X86_64, syscalls: ['mkdir', 'socket', 'arch_prctl'] }], 'Include');
    expect(spec).to.deep.include({ mode: 'Audit', defaultAction: 'SCMP_ACT_ERRNO', architectures: [X86_64] });
    expect(spec.syscalls?.[0]?.names).to.deep.equal(['arch_prctl', 'mkdir', 'socket']);
    const grave = lint(spec, DEFAULT_TARGET).filter(({ severity }) => severity === 'error');
    expect(grave).to.deep.equal([]);
  });

  it('names no call twice, and none that has no name', () => {
    const recorded = [
      { architecture: X86_64, syscalls: ['read', 'mkdir', 'syscall_0x270f'] },
      { architecture: 'SCMP_ARCH_X86', syscalls: ['socket', 'mkdir'] },
      { architecture: '0x12', syscalls: ['mkdir'] },
    ];
    const spec = recordedSpec(recorded, 'Include');
    const names = allowed(spec);
    expect(names).to.have.length(new Set(names).size);
    expect(names).to.not.include('syscall_0x270f');
    expect(names).to.include('socketcall');
    expect(spec.architectures).to.deep.equal([X86_64, 'SCMP_ARCH_X86']);
  });
});
