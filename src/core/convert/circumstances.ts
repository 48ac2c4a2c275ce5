import { own } from '../own.ts';
import type { KernelVersion } from './docker-profile.ts';

/** For which nodes and containers Docker's conditions are decided. */
export interface Circumstances {
  /** Node architectures as Go names them; a profile for several must say the same on all. */
  readonly architectures: readonly string[];
  /** The container's bounding set, with the prefix CAP_. */
  readonly capabilities: ReadonlySet<string>;
  /** The oldest kernel of the nodes. */
  readonly kernel: KernelVersion;
}

/**
 * Architectures by Go's name: Docker's name for `arches`, and the one in archMap (moby, profiles/seccomp, `goToNative` and
 * `nativeToSeccomp`).
 */
const NATIVE: Readonly<Record<string, readonly [docker: string, seccomp: string]>> = {
  '386': ['x86', 'SCMP_ARCH_X86'],
  amd64: ['amd64', 'SCMP_ARCH_X86_64'],
  arm: ['arm', 'SCMP_ARCH_ARM'],
  arm64: ['arm64', 'SCMP_ARCH_AARCH64'],
  loong64: ['loongarch64', 'SCMP_ARCH_LOONGARCH64'],
  ppc64le: ['ppc64le', 'SCMP_ARCH_PPC64LE'],
  riscv64: ['riscv64', 'SCMP_ARCH_RISCV64'],
  s390x: ['s390x', 'SCMP_ARCH_S390X'],
};

/** Those for which Docker's conditions can be decided. */
export const NODE_ARCHITECTURES: readonly string[] = Object.keys(NATIVE);

export const dockerName = (architecture: string): string => own(NATIVE, architecture)?.[0] ?? architecture;

export const seccompName = (architecture: string): string => own(NATIVE, architecture)?.[1] ?? '';

/** What containerd and CRI-O give a container whose Pod asks for nothing (containerd, pkg/oci, `defaultUnixCaps`). */
const DEFAULT = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];
/** capabilities(7). */
const ALL = [
  ...DEFAULT,
  'AUDIT_CONTROL',
  'AUDIT_READ',
  'BLOCK_SUSPEND',
  'BPF',
  'CHECKPOINT_RESTORE',
  'DAC_READ_SEARCH',
  'IPC_LOCK',
  'IPC_OWNER',
  'LEASE',
  'LINUX_IMMUTABLE',
  'MAC_ADMIN',
  'MAC_OVERRIDE',
  'NET_ADMIN',
  'NET_BROADCAST',
  'PERFMON',
  'SYSLOG',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_MODULE',
  'SYS_NICE',
  'SYS_PACCT',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'WAKE_ALARM',
];

/**
 * A set of capabilities in words: `default`, `none`, `all` or names, joined by commas; one after `-` is taken away, as in
 * `default,SYS_TIME,-NET_RAW`. Names with or without CAP_. Gives the first word that is none.
 */
export function parseCapabilities(text: string): ReadonlySet<string> | { readonly unknown: string } {
  const set = new Set<string>();
  for (const word of text.split(',').map(each => each.trim().toUpperCase().replace(/^\+/, ''))) {
    const isLess = word.startsWith('-');
    const named = setOf(word.replace(/^-/, '').replace(/^CAP_/, ''));
    if (!named) return { unknown: word };
    for (const name of named) isLess ? set.delete(`CAP_${name}`) : set.add(`CAP_${name}`);
  }
  return set;
}

function setOf(word: string): readonly string[] | undefined {
  if (word === 'DEFAULT') return DEFAULT;
  if (word === 'ALL') return ALL;
  if (word === 'NONE' || word === '') return [];
  return ALL.includes(word) ? [word] : undefined;
}
