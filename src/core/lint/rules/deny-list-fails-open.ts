import { nameList } from '../../status/name-list.ts';
import { kernelVersion, libseccompVersion } from '../../syscalls/table.ts';
import { isAtLeast } from '../../versions.ts';
import type { Rule } from '../finding.ts';
import type { ProfileView } from '../view.ts';

/** Calls that do the same, or more: who refuses the first and lets the others through refuses nothing. */
const WAYS_ROUND: readonly (readonly [call: string, others: readonly string[]])[] = [
  ['mount', ['fsmount', 'move_mount', 'open_tree', 'open_tree_attr', 'mount_setattr']],
  ['umount2', ['umount']],
  ['unshare', ['clone', 'clone3', 'setns']],
  ['open', ['openat', 'openat2', 'creat']],
  ['openat', ['openat2']],
  ['execve', ['execveat']],
  ['ptrace', ['process_vm_readv', 'process_vm_writev']],
  ['init_module', ['finit_module']],
  ['kexec_load', ['kexec_file_load']],
  ['chmod', ['fchmod', 'fchmodat', 'fchmodat2']],
  ['chown', ['fchown', 'fchownat', 'lchown']],
  ['mkdir', ['mkdirat']],
  ['mknod', ['mknodat']],
  ['rename', ['renameat', 'renameat2']],
  ['unlink', ['unlinkat']],
  ['link', ['linkat']],
  ['symlink', ['symlinkat']],
  ['setxattr', ['setxattrat', 'fsetxattr', 'lsetxattr']],
  ['fork', ['vfork', 'clone', 'clone3']],
  ['kill', ['tkill', 'tgkill', 'pidfd_send_signal', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo']],
  ['settimeofday', ['clock_settime', 'clock_adjtime', 'adjtimex']],
  ['connect', ['io_uring_setup']],
  ['socket', ['io_uring_setup']],
];

/** RHEL 8 has this one; older ones are rare on nodes of today. What it does not know is what fails open. */
const COMMON_LIBSECCOMP = '2.5.2';

export const denyListFailsOpen: Rule = {
  id: 'deny-list-fails-open',
  severity: 'warning',
  summary: 'a deny list that lets through what it means to refuse: other calls that do the same, or an old libseccomp',
  *check(profile, { libseccomp = COMMON_LIBSECCOMP }) {
    if (profile.isAllowList) return;
    for (const [call, others] of WAYS_ROUND) {
      const open = others.filter(each => profile.allows(each) && !isNamed(profile, each));
      if (!open.length || !profile.refuses(call)) continue;
      yield {
        message: `${call} is refused, and ${open.join(', ')} ${open.length > 1 ? 'do' : 'does'} the same and ${open.length > 1 ? 'are' : 'is'} let through`,
        fix: `Name ${open.length > 1 ? 'them' : 'it'} in the same rule, or write an allow list (defaultAction SCMP_ACT_ERRNO).`,
        ...placeOf(profile, call),
      };
    }
    const dropped = [...profile.names()].filter(name => {
      const since = libseccompVersion(name);
      return since !== undefined && !isAtLeast(libseccomp, since) && profile.refuses(name);
    });
    if (dropped.length === 0) return;
    yield {
      message: `a runtime with libseccomp ${libseccomp} lets ${nameList(dropped.map(withKernel), 20)} through: it drops names that it does not know, and what is not named is let through`,
      fix: 'Write an allow list, or see to it that runtimes are built with a libseccomp that knows them.',
      severity: 'info',
      names: dropped,
      field: 'defaultAction',
    };
  },
};

const isNamed = (profile: ProfileView, name: string): boolean => profile.rulesFor(name).length > 0;

const withKernel = (name: string): string => `${name} (Linux ${kernelVersion(name)})`;

function placeOf(profile: ProfileView, call: string) {
  const rule = profile.rulesFor(call)[0];
  return { names: [call], ...(rule ? { syscall: rule.at } : {}) };
}
