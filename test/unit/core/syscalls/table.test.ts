import { expect } from 'chai';
import {
  allSyscallNames,
  highestNumber,
  isKnownSyscall,
  kernelVersion,
  libseccompVersion,
  SYSCALL_ARCHITECTURES,
  syscallName,
  syscallNames,
  syscallNumber,
} from '../../../../src/core/syscalls/table.ts';

describe('the syscall tables', () => {
  it('know the numbers of openat, as the kernel gives them to a filter', () => {
    const numbers = SYSCALL_ARCHITECTURES.map(arch => syscallNumber(arch, 'openat'));
    expect(numbers).to.deep.equal([257, 295, 0x40000000 + 257, 56, 322, 56, 288, 286, 56]);
  });

  it('lack a call where the architecture lacks it', () => {
    expect(syscallNumber('SCMP_ARCH_X86_64', 'open')).to.equal(2);
    expect(syscallNumber('SCMP_ARCH_AARCH64', 'open')).to.equal(undefined);
    expect(syscallNumber('SCMP_ARCH_X86_64', 'socketcall')).to.equal(undefined);
    expect(syscallNumber('SCMP_ARCH_X86_64', 'opnat')).to.equal(undefined);
  });

  it('give a new call the same number everywhere', () => {
    for (const arch of SYSCALL_ARCHITECTURES) {
      expect(syscallNumber(arch, 'mseal')).to.equal(arch === 'SCMP_ARCH_X32' ? 0x40000000 + 462 : 462);
    }
  });

  it('name each number that they give, one name a number', () => {
    for (const arch of SYSCALL_ARCHITECTURES) {
      for (const name of syscallNames(arch)) {
        const number = syscallNumber(arch, name) as number;
        expect(syscallName(arch, number), `${arch} ${number}`).to.equal(name);
        expect(isKnownSyscall(name)).to.equal(true);
      }
    }
  });

  it('know from which kernel and libseccomp a call is there', () => {
    expect(kernelVersion('clone3')).to.equal('5.3');
    expect(libseccompVersion('clone3')).to.equal('2.4.2');
    expect(kernelVersion('mseal')).to.equal('6.10');
    expect(libseccompVersion('mseal')).to.equal('2.5.6');
    expect(kernelVersion('read')).to.equal('1.0');
    expect(kernelVersion('break')).to.equal(undefined);
  });

  it('know a version of all but calls that no kernel has implemented', () => {
    const without = [...allSyscallNames()].filter(name => !kernelVersion(name));
    expect(without.join(' ')).to.equal(
      'afs_syscall break epoll_ctl_old epoll_wait_old ftime getpmsg gtty idle lock mpx multiplexer prof profil putpmsg ' +
        'security stty timerfd tuxcall ulimit vserver',
    );
  });

  it('do not count the private calls of ARM as its highest', () => {
    expect(syscallNumber('SCMP_ARCH_ARM', 'set_tls')).to.equal(0x0f0005);
    expect(highestNumber('SCMP_ARCH_ARM')).to.equal(highestNumber('SCMP_ARCH_X86_64'));
  });
});
