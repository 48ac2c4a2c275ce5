import type { Group } from './groups.ts';

export type RuntimeChoice = 'runc' | 'crun' | 'any';

export interface StartOptions {
  readonly runtime: RuntimeChoice;
  /** `allowPrivilegeEscalation: false` in the Pod. */
  readonly noNewPrivileges: boolean;
}
const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** What the runtime calls between loading the filter and running the program. */
export function runtimeGroup({ runtime, noNewPrivileges }: StartOptions): Group {
  const GO =
    words(`clone epoll_create1 epoll_ctl epoll_pwait eventfd2 exit futex getpid gettid madvise mmap mprotect munmap nanosleep rseq
  rt_sigprocmask rt_sigreturn sched_yield set_robust_list sigaltstack tgkill`);
  const runc = noNewPrivileges
    ? words('close execve fstat fstatfs getdents64 openat statx write openat2 fcntl epoll_ctl getpid')
    : words(
        'capget capset chdir close execve fstat fstatfs getcwd getdents64 getppid newfstatat openat prctl read setgid setgroups setuid statx write openat2 faccessat2 close_range epoll_ctl fcntl getpid tgkill',
      );
  const crun = noNewPrivileges
    ? words('execve close')
    : words('capset execve prctl rt_sigaction rt_sigprocmask setresgid setresuid write close');
  const names = [...(runtime === 'crun' ? [] : [...runc, ...GO]), ...(runtime === 'runc' ? [] : crun)];
  const who = runtime === 'any' ? 'runc and crun' : runtime;
  const how = noNewPrivileges ? 'with allowPrivilegeEscalation: false' : 'whatever allowPrivilegeEscalation is';
  return {
    names: [...new Set(names)].sort(),
    reason: `What ${who} need${runtime === 'any' ? '' : 's'} to start the container, ${how}.`,
  };
}
