import { own } from '../own.ts';
import { type SyscallArch, syscallName, syscallNumber } from '../syscalls/table.ts';

/** Other programs that a machine runs, by strace's words for them ("runs in 32 bit mode"). */
const MODES: Partial<Record<SyscallArch, Readonly<Record<string, SyscallArch>>>> = {
  SCMP_ARCH_X86_64: { '32 bit': 'SCMP_ARCH_X86', x32: 'SCMP_ARCH_X32' },
  SCMP_ARCH_AARCH64: { '32 bit': 'SCMP_ARCH_ARM' },
};

/** The architecture of a program of which strace says in which mode it runs, on a machine of the given one. */
export const archOfMode = (machine: SyscallArch, mode: string): SyscallArch => MODES[machine]?.[mode] ?? machine;

/**
 * The architecture that a call gives away: the machine's own when it has such a call, else the one of its other programs
 * that has it (`mmap2` is called by 32-bit programs only). With strace's `-n` the number decides. Nothing where no
 * architecture of the machine has the call.
 */
export function archOfCall(machine: SyscallArch, name: string, number: number | undefined): SyscallArch | undefined {
  const candidates = [machine, ...Object.values(MODES[machine] ?? {})];
  return candidates.find(arch => {
    const own = syscallNumber(arch, straceName(name));
    return own !== undefined && (number === undefined || number === own);
  });
}

/** Names by which strace calls what the kernel's tables, and so profiles, call otherwise: its linux/i386/syscallent.h. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  oldselect: 'select',
  old_mmap: 'mmap',
  old_getrlimit: 'getrlimit',
  sysctl: '_sysctl',
};

/** A name of strace's as our tables have it. */
export const straceName = (name: string): string => own(OTHER_NAMES, name) ?? name;

/** The name in our tables of a call as strace names it; the same where there is none. */
export function tableName(arch: SyscallArch, name: string): string {
  const number = numberInName(name);
  return (number === undefined ? undefined : syscallName(arch, number)) ?? straceName(name);
}

/** `syscall_0x1f4`: how strace writes a number for which it has no name. */
export function numberInName(name: string): number | undefined {
  const digits = /^syscall_0x([0-9a-f]{1,8})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}
