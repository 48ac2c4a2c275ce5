import type { SyscallArch } from '../syscalls/table.ts';

/** A node's architecture as Go names it, as libseccomp does. */
export const NATIVE_ARCHITECTURES: Readonly<Record<string, SyscallArch>> = {
  amd64: 'SCMP_ARCH_X86_64',
  '386': 'SCMP_ARCH_X86',
  arm64: 'SCMP_ARCH_AARCH64',
  arm: 'SCMP_ARCH_ARM',
  riscv64: 'SCMP_ARCH_RISCV64',
  s390x: 'SCMP_ARCH_S390X',
  ppc64le: 'SCMP_ARCH_PPC64LE',
  loong64: 'SCMP_ARCH_LOONGARCH64',
};
