import { own } from '../own.ts';
import type { SyscallArch } from '../syscalls/table.ts';
import type { Width } from './condition.ts';

/** What libseccomp knows of an architecture (src/arch-*.c, `struct arch_def`). */
export interface Architecture {
  readonly width: Width;
  readonly isBigEndian: boolean;
  /** Has socketcall(2) and ipc(2), which stand for many calls. */
  readonly isMultiplexing: boolean;
}

const describe = (width: Width, ...marks: ('big' | 'multiplexing')[]): Architecture => ({
  width,
  isBigEndian: marks.includes('big'),
  isMultiplexing: marks.includes('multiplexing'),
});

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  SCMP_ARCH_X86_64: describe(64),
  SCMP_ARCH_X86: describe(32, 'multiplexing'),
  SCMP_ARCH_X32: describe(32),
  SCMP_ARCH_AARCH64: describe(64),
  SCMP_ARCH_ARM: describe(32),
  SCMP_ARCH_MIPS: describe(32, 'big', 'multiplexing'),
  SCMP_ARCH_MIPSEL: describe(32, 'multiplexing'),
  SCMP_ARCH_MIPS64: describe(64, 'big'),
  SCMP_ARCH_MIPSEL64: describe(64),
  SCMP_ARCH_MIPS64N32: describe(32, 'big'),
  SCMP_ARCH_MIPSEL64N32: describe(32),
  SCMP_ARCH_PPC: describe(32, 'big', 'multiplexing'),
  SCMP_ARCH_PPC64: describe(64, 'big', 'multiplexing'),
  SCMP_ARCH_PPC64LE: describe(64, 'multiplexing'),
  SCMP_ARCH_S390: describe(32, 'big', 'multiplexing'),
  SCMP_ARCH_S390X: describe(64, 'big', 'multiplexing'),
  SCMP_ARCH_PARISC: describe(32, 'big'),
  SCMP_ARCH_PARISC64: describe(64, 'big'),
  SCMP_ARCH_RISCV64: describe(64),
  SCMP_ARCH_LOONGARCH64: describe(64),
  SCMP_ARCH_M68K: describe(32, 'big', 'multiplexing'),
  SCMP_ARCH_SH: describe(32, 'multiplexing'),
  SCMP_ARCH_SHEB: describe(32, 'big', 'multiplexing'),
};

export const architecture = (name: string): Architecture | undefined => own(ARCHITECTURES, name);

export const known = (name: SyscallArch): Architecture => ARCHITECTURES[name] as Architecture;
