import { recordOfLine } from '../audit/record.ts';
import { type SyscallArch, syscallName } from '../syscalls/table.ts';
import type { TracedCall } from './call.ts';

/** AUDIT_ARCH_* of linux/audit.h. */
const ARCHITECTURES: ReadonlyMap<number, SyscallArch> = new Map([
  [0xc000003e, 'SCMP_ARCH_X86_64'],
  [0x40000003, 'SCMP_ARCH_X86'],
  [0xc00000b7, 'SCMP_ARCH_AARCH64'],
  [0x40000028, 'SCMP_ARCH_ARM'],
  [0xc00000f3, 'SCMP_ARCH_RISCV64'],
  [0x80000016, 'SCMP_ARCH_S390X'],
  [0xc0000015, 'SCMP_ARCH_PPC64LE'],
  [0xc0000102, 'SCMP_ARCH_LOONGARCH64'],
]);

const X32_BIT = 0x40000000;

/** The architecture of a record; x32 differs from x86_64 by a bit of the number only. */
export function archOfRecord(arch: number, number: number): SyscallArch | undefined {
  const found = ARCHITECTURES.get(arch);
  return found === 'SCMP_ARCH_X86_64' && number & X32_BIT ? 'SCMP_ARCH_X32' : found;
}

/** What the kernel says when it had to drop records; some calls are then missing from the log. */
const LOST =
  /\b(?:kauditd_printk_skb|audit_printk_skb|audit): (\d+ callbacks suppressed|.*audit_lost=\d+|rate limit exceeded)/;

export const saysThatRecordsWereLost = (line: string): boolean => LOST.test(line);

/** A call in a seccomp record of the kernel's log or of auditd's; it holds no arguments. */
export function callOfRecord(text: string, line: number): (TracedCall & { readonly comm: string }) | undefined {
  const record = recordOfLine(text);
  if (!record) return undefined;
  const { pid, comm, syscall } = record;
  const arch = archOfRecord(record.arch, syscall);
  const name = (arch && syscallName(arch, syscall)) ?? `syscall_0x${(syscall >>> 0).toString(16)}`;
  return { line, pid, comm, image: { arch }, name, args: [], result: '?', error: undefined, count: 1 };
}
