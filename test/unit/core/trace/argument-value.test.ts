import { expect } from 'chai';
import type { SyscallArch } from '../../../../src/core/syscalls/table.ts';
import { argumentValue } from '../../../../src/core/trace/argument-value.ts';
import { StraceReader } from '../../../../src/core/trace/strace.ts';

function value(line: string, index: number, arch: SyscallArch = 'SCMP_ARCH_X86_64'): bigint | undefined {
  const [call] = new StraceReader(arch).read(line);
  if (!call) throw new Error(`no call: ${line}`);
  return argumentValue(call, index, arch);
}

describe('the value of a traced argument', () => {
  const VALUES: [string, number, bigint | undefined][] = [
    ['socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 4', 0, 2n],
    ['socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 4', 1, 0x80001n],
    ['socket(0x2 /* AF_INET */, 0x1 /* SOCK_STREAM */|0x80000 /* SOCK_CLOEXEC */, 0) = 4', 1, 0x80001n],
    ['personality(0xffffffff) = 0', 0, 0xffffffffn],
    ['ioctl(0</dev/null<char 1:3>>, TIOCGWINSZ, 0x7ffe) = 0', 0, 0n],
    ['ioctl(0, TCGETS or SNDCTL_TMR_TIMEBASE, 0x7ffe) = 0', 1, 0x5401n],
    ['ioctl(3, _IOC(_IOC_READ|_IOC_WRITE, 0xae, 0x5, 0x8), 0) = 0', 1, 0xc008ae05n],
    ['ioctl(3, _IOC(_IOC_NONE, 0xae, 0, 0), 0) = 0', 1, 0xae00n],
    ['mkdir("/tmp/x", 0700) = 0', 1, 0o700n],
    ['mkdir("/tmp/x", 0700) = 0', 0, undefined],
    ['openat(-100 /* AT_FDCWD */</tmp>, "x", O_WHATEVER) = 3', 0, -100n],
    ['openat(AT_FDCWD, "x", O_WHATEVER) = 3', 2, undefined],
    ['brk(NULL) = 0x1000', 0, 0n],
    ['mmap(NULL, 64*1024, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1', 1, 65536n],
    ['mmap(NULL, 64*1024, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1', 2, 3n],
    [
      'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f) = 7',
      0,
      0x1200011n,
    ],
    ['clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD) = 7', 1, 0n],
    ['clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD) = 7', 3, undefined],
    ['kill(1, 0) = 0', 5, undefined],
    ['prctl(option=PR_SET_NAME, "x") = 0', 0, 15n],
  ];
  for (const [line, index, expected] of VALUES) {
    it(`${index} of ${line}`, () => {
      expect(value(line, index)).to.equal(expected);
    });
  }

  it('is 32 bits wide in a 32-bit program, and clone has its flags second on s390x', () => {
    expect(value('openat(-100, "x", 0) = 3', 0, 'SCMP_ARCH_X86')).to.equal(0xffffff9cn);
    expect(value('clone(child_stack=NULL, flags=SIGCHLD) = 7', 1, 'SCMP_ARCH_S390X')).to.equal(17n);
  });
});
