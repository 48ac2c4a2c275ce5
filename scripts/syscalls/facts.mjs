// What no package says in a form that can be read by a program.

/**
 * Kernel versions that the table of syscalls(2) lacks (it stops at Linux 5.14) or has wrong. Sources: the HISTORY sections of
 * the calls' own man pages, and the kernel version of the golang.org/x/sys releases in which the numbers first appear
 * (unix/linux/Dockerfile).
 */
export const KERNEL = new Map(
  Object.entries({
    2.2: 'pread64 pwrite64',
    4.3: 'membarrier',
    '2.6.22': 'arm_sync_file_range',
    '2.6.6': 'arm_fadvise64_64',
    5.1: [
      'clock_adjtime64 clock_getres_time64 clock_gettime64 clock_nanosleep_time64 clock_settime64 futex_time64',
      'io_pgetevents_time64 mq_timedreceive_time64 mq_timedsend_time64 ppoll_time64 pselect6_time64 recvmmsg_time64',
      'rt_sigtimedwait_time64 sched_rr_get_interval_time64 semtimedop_time64 timer_gettime64 timer_settime64',
      'timerfd_gettime64 timerfd_settime64 utimensat_time64',
    ].join(' '),
    5.12: 'mount_setattr',
    5.15: 'process_mrelease',
    5.16: 'futex_waitv',
    5.17: 'set_mempolicy_home_node',
    6.4: 'riscv_hwprobe',
    6.5: 'cachestat',
    6.6: 'fchmodat2 map_shadow_stack',
    6.7: 'futex_wake futex_wait futex_requeue',
    6.8: 'statmount listmount lsm_get_self_attr lsm_set_self_attr lsm_list_modules',
    '6.10': 'mseal',
    6.11: 'uretprobe',
    6.13: 'setxattrat getxattrat listxattrat removexattrat',
    6.15: 'open_tree_attr',
    6.17: 'file_getattr file_setattr',
    6.18: 'uprobe',
    6.19: 'listns',
    '7.0': 'rseq_slice_yield',
  }).flatMap(([version, names]) => names.split(' ').map(name => [name, version])),
);

/** The kernel whose calls each libseccomp release knows. Source: libseccomp's CHANGELOG, "Update the syscall table". */
export const LIBSECCOMP_RELEASES = [
  ['2.2.0', '3.19'],
  ['2.3.0', '4.5'],
  ['2.3.2', '4.10'],
  ['2.3.3', '4.15'],
  ['2.4.0', '5.0'],
  ['2.4.2', '5.4'],
  ['2.5.0', '5.8'],
  ['2.5.2', '5.14'],
  ['2.5.3', '5.15'],
  ['2.5.4', '5.17'],
  ['2.5.5', '6.7'],
  ['2.5.6', '6.13'],
  ['2.6.1', '7.1'],
];

/** Calls that libseccomp learned earlier or later than its releases' kernels say. Source: its CHANGELOG and git history. */
export const LIBSECCOMP = new Map([
  ['faccessat2', '2.4.4'],
  ['openat2', '2.4.4'],
  ['pidfd_getfd', '2.4.4'],
  ['riscv_flush_icache', '2.5.0'],
  ['riscv_hwprobe', '2.5.6'],
]);
