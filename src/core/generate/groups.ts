import { type SyscallArch, syscallNumber } from '../syscalls/table.ts';

/** Calls that a profile has for a reason, which its reader is told. */
export interface Group {
  readonly names: readonly string[];
  readonly reason: string;
}

/**
 * What the kernel itself lets a program do after signals and at its end. `strace -c` does not count what never returns, and
 * a run without signals shows neither of the others (signal(7), restart_syscall(2)).
 */
const ALWAYS = ['exit', 'exit_group', 'restart_syscall', 'rt_sigreturn', 'sigreturn'];

/**
 * Answered without a system call where the clock allows it, so traces do not show them (vdso(7)). On a node with another
 * clock source, or on a machine that was moved, they are real calls.
 */
const VDSO = [
  'clock_getres',
  'clock_getres_time64',
  'clock_gettime',
  'clock_gettime64',
  'getcpu',
  'gettimeofday',
  'time',
];

/** What no trace can be relied upon to show, on these architectures. */
export function unseenGroups(architectures: readonly SyscallArch[]): Group[] {
  const existing = (names: readonly string[]) =>
    names.filter(name => architectures.some(arch => syscallNumber(arch, name) !== undefined));
  return [
    { names: existing(ALWAYS), reason: 'The end of a program, and the return from signals: traces may not show them.' },
    { names: existing(VDSO), reason: 'Time, which is a system call on nodes where the vDSO cannot tell it.' },
  ];
}

/** Calls that 32-bit x86 makes through socketcall(2) and ipc(2), by the names that strace prints for them. */
const SOCKETCALL =
  /^(?:socket|bind|connect|listen|accept4?|getsockname|getpeername|socketpair|send|recv|sendto|recvfrom|shutdown|setsockopt|getsockopt|sendmsg|recvmsg|recvmmsg|sendmmsg)$/;
const IPC = /^(?:sem|msg|shm)[a-z]+$/;

/** The names under which a profile has to allow a traced call: strace shows what socketcall was called for. */
export function namesToAllow(arch: SyscallArch, name: string): string[] {
  if (arch !== 'SCMP_ARCH_X86') return [name];
  if (SOCKETCALL.test(name)) return syscallNumber(arch, name) === undefined ? ['socketcall'] : [name, 'socketcall'];
  return IPC.test(name) ? [name, 'ipc'] : [name];
}
