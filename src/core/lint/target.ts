import type { SyscallArch } from '../syscalls/table.ts';

/** A container runtime, and its version where it is known: that of `runc --version`, not containerd's. */
export interface Runtime {
  readonly name: 'runc' | 'crun';
  readonly version?: string;
}

/** Where a profile is to be used. */
export interface LintTarget {
  readonly runtimes: readonly Runtime[];
  /** What `allowPrivilegeEscalation: false` sets; both are looked at unless given. */
  readonly noNewPrivileges?: boolean;
  /** The oldest kernel, such as 5.15. */
  readonly kernel?: string;
  /** The oldest libseccomp that a runtime there uses, such as 2.5.4. */
  readonly libseccomp?: string;
  /** The nodes' own architectures. */
  readonly architectures: readonly SyscallArch[];
}

/** Both runtimes, in whatever version, on x86_64. */
export const DEFAULT_TARGET: LintTarget = {
  runtimes: [{ name: 'runc' }, { name: 'crun' }],
  architectures: ['SCMP_ARCH_X86_64'],
};

/** Where runc's version is not known, an old one and a new one stand for all. */
export const withVersions = (target: LintTarget): LintTarget => ({
  ...target,
  runtimes: target.runtimes.flatMap(({ name, version }): Runtime[] => {
    if (version !== undefined) return [{ name, version }];
    return name === 'runc' ? ['1.1', '1.5'].map(each => ({ name, version: each })) : [{ name }];
  }),
});

export const runtimeText = ({ name, version }: Runtime): string => (version ? `${name} ${version}` : name);

/** `runc` or `runc@1.1.5`; nothing for what is no runtime. */
export function parseRuntime(text: string): Runtime | undefined {
  const [, name, version] = /^(runc|crun)(?:@(\d+(?:\.\d+){0,2}))?$/.exec(text) ?? [];
  if (name !== 'runc' && name !== 'crun') return undefined;
  return version ? { name, version } : { name };
}
