// Which system calls a runtime makes after it has loaded the filter and before the container's program runs: few with
// no_new_privs, many without it, since the filter then goes in before capabilities and user are dropped.
//
// Origin: test/rig/start-calls.ts on Linux 6.18, x86_64, 2 cores, November 2026; runc 1.1.5 and crun 1.8.1 of Debian 12; runc
// 1.1.14, 1.2.6, 1.3.2, 1.3.6, 1.4.3 and 1.5.2 built from their Go modules with libseccomp 2.5.4; as root and as uid 1000, 20 to
// 40 starts each. 1.2.8 and 1.3.3 brought the safer access to /proc (CHANGELOG), with the calls that 1.3.6 makes and 1.3.2 does not.
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
  /** Each can be done without as long as other ways are open, and with only what is needed not all containers start. */
  readonly wanted: readonly string[];
  /** Made each time too, and done without when refused; a filter that kills for them kills each start. */
  readonly made: readonly string[];
  /** Made by some builds, or for some users, and done without when refused. */
  readonly sometimes: readonly string[];
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const RUNC_WITH = words('close execve fstatfs getdents64 openat write');
const RUNC_WITHOUT = words(`
  capget capset chdir close execve fstat fstatfs getcwd getdents64 getppid newfstatat openat prctl read setgid setgroups setuid
  write`);

/** In each version two, with no_new_privs and without. */
const runc = (since: string, withIt: Partial<StartCalls>, withoutIt: Partial<StartCalls>): StartCalls[] => {
  const common = { name: 'runc', since, needed: [], wanted: [], made: [], sometimes: [] } as const;
  return [
    { ...common, noNewPrivileges: true, ...withIt },
    { ...common, noNewPrivileges: false, ...withoutIt },
  ];
};

const OLDEST = runc(
  '0',
  { needed: RUNC_WITH, made: words('epoll_ctl getpid'), sometimes: ['fcntl'] },
  // Built with Go 1.19, as Debian's is, it takes EPERM of faccessat2 for an answer.
  {
    needed: RUNC_WITHOUT,
    wanted: ['faccessat2'],
    made: words('epoll_ctl fcntl getpid'),
    sometimes: words('close_range fchown tgkill'),
  },
);

const before = (since: string): StartCalls[] =>
  runc(
    since,
    { needed: RUNC_WITH, made: words('epoll_ctl fcntl getpid') },
    {
      needed: RUNC_WITHOUT,
      made: words('close_range epoll_ctl faccessat2 fcntl getpid'),
      sometimes: words('fchown tgkill'),
    },
  );

const withSaferProc = (since: string): StartCalls[] =>
  runc(
    since,
    { needed: [...RUNC_WITH, 'fstat', 'statx'], wanted: ['openat2'], made: ['fcntl'] },
    {
      needed: [...RUNC_WITHOUT, 'statx'],
      wanted: ['openat2'],
      made: words('close_range epoll_ctl faccessat2 fcntl getpid'),
      sometimes: words('fchown tgkill'),
    },
  );

export const START_CALLS: readonly StartCalls[] = [
  ...OLDEST,
  ...before('1.2'),
  ...withSaferProc('1.2.8'),
  ...before('1.3.0'),
  ...withSaferProc('1.3.3'),
  {
    name: 'crun',
    since: '0',
    noNewPrivileges: true,
    needed: ['execve'],
    wanted: [],
    made: ['close'],
    sometimes: [],
  },
  {
    name: 'crun',
    since: '0',
    noNewPrivileges: false,
    needed: words('capset execve prctl rt_sigaction rt_sigprocmask setresgid setresuid write'),
    wanted: [],
    made: ['close'],
    sometimes: [],
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
