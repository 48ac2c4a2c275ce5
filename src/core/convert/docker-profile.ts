import type { Syscall } from '../api/seccomp-profile.ts';

/** A kernel's version as far as profiles compare it: `4.8`. */
export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
}

/** Under which circumstances a rule is there: moby's profiles/seccomp, `Filter`. */
export interface Filter {
  /** As Docker names architectures: amd64, x32, x86, arm64, ... */
  readonly arches: readonly string[];
  /** With the prefix CAP_. */
  readonly caps: readonly string[];
  readonly minKernel: KernelVersion | undefined;
}

/** A rule as ours, and what Docker's format says beside. */
export interface DockerRule {
  /** Where it is in the file, from 0. */
  readonly at: number;
  readonly rule: Syscall;
  readonly comment: string | undefined;
  readonly includes: Filter | undefined;
  readonly excludes: Filter | undefined;
}

/** What a JSON profile holds, before it is known for which node and container it is meant. */
export interface DockerProfile {
  readonly defaultAction: Syscall['action'];
  readonly defaultErrnoRet: number | undefined;
  readonly architectures: readonly string[];
  readonly archMap: readonly ArchMapEntry[];
  readonly flags: readonly string[];
  readonly listenerPath: string | undefined;
  readonly listenerMetadata: string | undefined;
  readonly rules: readonly DockerRule[];
  /** Fields that nobody reads, by their path; perhaps misspelt. */
  readonly unknown: readonly string[];
}

export interface ArchMapEntry {
  readonly architecture: string;
  readonly subArchitectures: readonly string[];
}
