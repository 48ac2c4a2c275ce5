import { type SyscallArch, syscallNumber } from '../../syscalls/table.ts';
import type { Rule } from '../finding.ts';
import type { ProfileView } from '../view.ts';

/**
 * Old calls, and those that C libraries and language runtimes make in their place today; architectures since aarch64 lack
 * the old ones (include/uapi/asm-generic/unistd.h).
 */
const SUCCESSORS: readonly (readonly [old: string, successors: readonly string[]])[] = [
  ['open', ['openat']],
  ['creat', ['openat']],
  ['stat', ['newfstatat', 'statx']],
  ['lstat', ['newfstatat', 'statx']],
  ['access', ['faccessat', 'faccessat2']],
  ['readlink', ['readlinkat']],
  ['mkdir', ['mkdirat']],
  ['rmdir', ['unlinkat']],
  ['unlink', ['unlinkat']],
  ['rename', ['renameat', 'renameat2']],
  ['link', ['linkat']],
  ['symlink', ['symlinkat']],
  ['chmod', ['fchmodat', 'fchmodat2']],
  ['chown', ['fchownat']],
  ['lchown', ['fchownat']],
  ['mknod', ['mknodat']],
  ['utime', ['utimensat']],
  ['utimes', ['utimensat']],
  ['pipe', ['pipe2']],
  ['dup2', ['dup3']],
  ['poll', ['ppoll']],
  ['select', ['pselect6']],
  ['epoll_create', ['epoll_create1']],
  ['epoll_wait', ['epoll_pwait']],
  ['inotify_init', ['inotify_init1']],
  ['signalfd', ['signalfd4']],
  ['eventfd', ['eventfd2']],
  ['getdents', ['getdents64']],
  ['fork', ['clone']],
  ['vfork', ['clone']],
  ['accept', ['accept4']],
];

export const successorMissing: Rule = {
  id: 'successor-missing',
  severity: 'warning',
  summary: 'an allow list with an old call and without the one that libraries and newer architectures use in its place',
  *check(profile, { architectures }) {
    if (!profile.isAllowList) return;
    const missing = SUCCESSORS.filter(([old, successors]) => profile.allows(old) && !successors.some(hasRule(profile)));
    const absent = architectures.filter(arch => missing.some(([old]) => syscallNumber(arch, old) === undefined));
    if (missing.length === 0) return;
    const pairs = missing.map(([old, [successor]]) => `${successor} (${old})`).join(', ');
    yield {
      message: `refused, though the older call in brackets is allowed: ${pairs}. ${why(absent)}`,
      fix: 'Allow them as well.',
      severity: absent.length ? 'warning' : 'info',
      field: 'syscalls',
      names: [...new Set(missing.map(([, [successor = '']]) => successor))],
    };
  },
};

const hasRule = (profile: ProfileView) => (name: string) => profile.rulesFor(name).length > 0;

const why = (absent: readonly SyscallArch[]): string =>
  absent.length
    ? `${absent.join(', ')} has only the newer ones`
    : 'Newer C libraries, Go and other architectures make the newer ones';
