import type { Rule, Severity } from '../finding.ts';
import { passes } from '../view.ts';

interface Danger {
  readonly names: readonly string[];
  readonly reason: string;
  /** A warning where an ordinary container gets something out of it; info where it also needs a capability it lacks. */
  readonly severity: Severity;
}

/**
 * What a container seldom needs and an attacker likes. Sources: capabilities(7) and the calls' own pages; Docker's
 * documentation of what its default profile leaves out and why ("Seccomp security profiles for Docker").
 */
const DANGERS: readonly Danger[] = [
  {
    names: ['io_uring_setup', 'io_uring_enter', 'io_uring_register'],
    reason: 'what is submitted through io_uring (opening files, connecting, sending) passes no filter',
    severity: 'warning',
  },
  {
    names: ['ptrace', 'process_vm_readv', 'process_vm_writev', 'pidfd_getfd', 'kcmp'],
    reason: 'it reaches into other processes of the container: their memory, registers, open files',
    severity: 'warning',
  },
  {
    names: ['bpf'],
    reason: 'it loads programs into the kernel, and its verifier has been a way out of containers',
    severity: 'warning',
  },
  {
    names: ['perf_event_open'],
    reason: 'it measures the kernel and other processes, and has a long history of exploits',
    severity: 'warning',
  },
  {
    names: ['userfaultfd'],
    reason: 'it stops the kernel in the middle of a copy for as long as one likes, which makes races easy to exploit',
    severity: 'warning',
  },
  {
    names: ['keyctl', 'add_key', 'request_key'],
    reason: 'keyrings belong to a user, not to a container, so keys of other containers may be within reach',
    severity: 'warning',
  },
  {
    names: ['unshare', 'setns'],
    reason:
      'in a new user namespace a process has all capabilities, which opens parts of the kernel that are closed otherwise',
    severity: 'warning',
  },
  {
    names: [
      ...['mount', 'umount', 'umount2', 'pivot_root', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'move_mount'],
      ...['open_tree', 'open_tree_attr', 'mount_setattr'],
    ],
    reason: 'it changes what is mounted, which read-only and masked paths rely on',
    severity: 'warning',
  },
  {
    names: ['open_by_handle_at'],
    reason: 'with CAP_DAC_READ_SEARCH it opens files of the host by handle, outside of what is mounted',
    severity: 'warning',
  },
  {
    names: ['personality'],
    reason: 'it turns off address randomisation for what is executed next',
    severity: 'info',
  },
  {
    names: ['modify_ldt', 'vm86', 'vm86old'],
    reason: 'it sets up 16-bit and segmented code, old parts of the kernel that little uses',
    severity: 'info',
  },
  {
    names: ['kexec_load', 'kexec_file_load', 'reboot'],
    reason: 'with CAP_SYS_BOOT it replaces or restarts the kernel of the node',
    severity: 'info',
  },
  {
    names: ['init_module', 'finit_module', 'delete_module', 'create_module'],
    reason: 'with CAP_SYS_MODULE it loads code into the kernel of the node',
    severity: 'info',
  },
  {
    names: ['iopl', 'ioperm'],
    reason: 'with CAP_SYS_RAWIO it reaches the hardware of the node',
    severity: 'info',
  },
  {
    names: ['settimeofday', 'clock_settime', 'clock_settime64', 'stime'],
    reason: 'with CAP_SYS_TIME it sets the clock of the node',
    severity: 'info',
  },
  {
    names: [
      'swapon',
      'swapoff',
      'acct',
      'quotactl',
      'quotactl_fd',
      'syslog',
      'nfsservctl',
      'lookup_dcookie',
      '_sysctl',
    ],
    reason: 'with the capability for it, it administers the node, not the container',
    severity: 'info',
  },
];

/** An ordinary container gets something out of the call that it should not have. */
export const isDangerous = (name: string): boolean =>
  DANGERS.some(({ names, severity }) => severity === 'warning' && names.includes(name));

export const dangerousAllow: Rule = {
  id: 'dangerous-allow',
  severity: 'warning',
  summary: 'calls let through that containers seldom need and attackers like, with the reason',
  *check(profile) {
    if (!profile.isAllowList) {
      const open = DANGERS.filter(({ severity }) => severity === 'warning')
        .flatMap(({ names }) => names)
        .filter(name => profile.allows(name));
      if (open.length === 0) return;
      yield {
        message: `as a deny list it lets through what it does not name, among that ${open.join(', ')}`,
        fix: 'Name them too, or write an allow list (defaultAction SCMP_ACT_ERRNO).',
        severity: 'info',
        field: 'defaultAction',
        names: open,
      };
      return;
    }
    for (const rule of profile.rules) {
      if (!passes(rule.outcome) || rule.conditions.length) continue;
      for (const { names, reason, severity } of DANGERS) {
        const found = rule.names.filter(name => names.includes(name) && profile.verdict(name).rule === rule);
        if (found.length === 0) continue;
        yield {
          message: `${found.join(', ')} ${found.length > 1 ? 'are' : 'is'} let through: ${reason}`,
          fix: 'Remove what the program does not need; a trace of it says (strace -f).',
          severity,
          syscall: rule.at,
          names: found,
        };
      }
    }
  },
};
