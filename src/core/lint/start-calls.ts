// Which system calls a runtime makes after it has loaded the filter and before the container's program runs: few with
// no_new_privs, many without it, since the filter then goes in before capabilities and user are dropped.
//
// Origin: test/rig/start-calls.ts on Linux 6.18, x86_64, 2 cores, November 2026; runc 1.1.5 and crun 1.8.1 of Debian 12; runc
// 1.2.6, 1.3.6, 1.4.3 and 1.5.2 built from their Go modules with libseccomp 2.5.4; as root and as uid 1000, 20 to 40 starts each.
import type { SyscallArch } from '../syscalls/table.ts';
import { isAtLeast } from '../versions.ts';
import type { Runtime } from './target.ts';

export interface StartCalls {
  readonly name: Runtime['name'];
  /** From this version on. */
  readonly since: string;
  readonly noNewPrivileges: boolean;
  /** Refuse one with EPERM or ENOSYS, and no container starts (0 of 20). */
  readonly needed: readonly string[];
  /** Refuse them all, and no container starts or not all do, though each alone can be done without. */
  readonly wanted: readonly string[];
  /** Made each time too, and done without when refused; a filter that kills for them kills each start. */
  readonly made: readonly string[];
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const START_CALLS: readonly StartCalls[] = [
  {
    name: 'runc',
    since: '0',
    noNewPrivileges: true,
    needed: words('close execve fstatfs getdents64 openat write'),
    wanted: [],
    made: words('epoll_ctl getpid'),
  },
  {
    name: 'runc',
    since: '0',
    noNewPrivileges: false,
    needed: words(`
      capget capset chdir close execve fstat fstatfs getcwd getdents64 getppid newfstatat openat prctl read setgid setgroups
      setuid write`),
    wanted: ['faccessat2'],
    made: words('epoll_ctl fcntl getpid'),
  },
  {
    name: 'runc',
    since: '1.5',
    noNewPrivileges: true,
    needed: words('close execve fstat fstatfs getdents64 openat statx write'),
    wanted: ['openat2'],
    made: ['fcntl'],
  },
  {
    name: 'runc',
    since: '1.5',
    noNewPrivileges: false,
    needed: words(`
      capget capset chdir close execve fstat fstatfs getcwd getdents64 getppid newfstatat openat prctl read setgid setgroups
      setuid statx write`),
    wanted: ['openat2', 'faccessat2'],
    made: words('close_range epoll_ctl fcntl getpid tgkill'),
  },
  { name: 'crun', since: '0', noNewPrivileges: true, needed: ['execve'], wanted: [], made: ['close'] },
  {
    name: 'crun',
    since: '0',
    noNewPrivileges: false,
    needed: words('capset execve prctl rt_sigaction rt_sigprocmask setresgid setresuid write'),
    wanted: [],
    made: ['close'],
  },
];

/**
 * What runc calls now and then, as a Go program that also starts threads of C: its scheduler, signals, memory. Of 20 starts 9 to
 * 19 succeeded without futex and 17 to 19 without rt_sigreturn; with all of these 20 of 20 did each time.
 */
export const GO_CALLS: readonly string[] = words(`
  clone epoll_create1 epoll_ctl epoll_pwait eventfd2 exit futex getpid gettid madvise mmap mprotect munmap nanosleep rseq
  rt_sigprocmask rt_sigreturn sched_yield set_robust_list sigaltstack tgkill`);

/** Those after whose failure Go or glibc gives up (Go, runtime/sys_linux_amd64.s, netpoll_epoll.go; glibc, pthread_create). */
export const FATAL_GO_CALLS: readonly string[] = words(
  'clone epoll_pwait exit futex mmap mprotect munmap rt_sigprocmask rt_sigreturn sigaltstack',
);

/** Without which no C library and no Go program sets up its thread pointer (arch_prctl(2), ARCH_SET_FS). */
export const PROGRAM_CALLS: Partial<Record<SyscallArch, readonly string[]>> = { SCMP_ARCH_X86_64: ['arch_prctl'] };

/** What is known of a runtime, for each privilege setting: of its version, or of all where the version is not known. */
export function startCallsOf({ name, version }: Runtime): readonly StartCalls[] {
  const known = START_CALLS.filter(each => each.name === name);
  if (version === undefined) return known;
  return known.filter(
    each =>
      isAtLeast(version, each.since) &&
      !known.some(
        other =>
          other.noNewPrivileges === each.noNewPrivileges &&
          other.since !== each.since &&
          isAtLeast(other.since, each.since) &&
          isAtLeast(version, other.since),
      ),
  );
}
