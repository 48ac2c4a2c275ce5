import type { SyscallArch } from '../syscalls/table.ts';
import { isKnownSyscall, kernelVersion, libseccompVersion } from '../syscalls/table.ts';
import { isAtLeast } from '../versions.ts';

/** A container runtime; its version as `runc --version` says it. */
export interface Runtime {
  readonly name: 'runc' | 'crun';
  readonly version?: string;
}

/** Where the profile is loaded. */
export interface Environment {
  /** The node's own architecture, which is in every filter. */
  readonly native: SyscallArch;
  readonly runtime: Runtime;
  /** Release of libseccomp that the runtime uses, such as 2.5.4; the newest unless given. */
  readonly libseccomp?: string | undefined;
}

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

/** Whether this libseccomp knows the name: one that it does not know is left out of the filter without a word. */
export function isKnownTo(libseccomp: string | undefined, name: string): boolean {
  const since = libseccompVersion(name);
  // Calls that no kernel has implemented have no version, and are in libseccomp's table.
  if (since === undefined) return isKnownSyscall(name) && kernelVersion(name) === undefined;
  return libseccomp === undefined || isAtLeast(libseccomp, since);
}
