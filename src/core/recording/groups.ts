import type { SeccompRecordingSpec } from '../api/seccomp-recording.ts';
import { type Group, unseenGroups } from '../generate/groups.ts';
import { runtimeGroup, type StartOptions } from '../generate/runtime-calls.ts';
import { SYSCALL_ARCHITECTURES } from '../syscalls/table.ts';

export type FrequentCalls = SeccompRecordingSpec['frequentCalls'];

/** Which runtime starts the Pods, and whether with no_new_privs, is not known. */
export const START: StartOptions = { runtime: 'any', noNewPrivileges: false };

/**
 * What programs call all the time on files and sockets that are open already. None of them opens, names or makes anything, so
 * that who has read and write, which runtimes need, gains little by them; logged, they would be most of all records.
 */
const FREQUENT: Group = {
  names: [
    '_llseek',
    '_newselect',
    'clock_nanosleep',
    'clock_nanosleep_time64',
    'epoll_pwait2',
    'epoll_wait',
    'futex_time64',
    'lseek',
    'poll',
    'ppoll',
    'ppoll_time64',
    'pread64',
    'preadv',
    'pselect6',
    'pselect6_time64',
    'pwrite64',
    'pwritev',
    'readv',
    'recv',
    'recvfrom',
    'recvmmsg',
    'recvmmsg_time64',
    'recvmsg',
    'select',
    'send',
    'sendmmsg',
    'sendmsg',
    'sendto',
    'writev',
  ],
  reason: 'What programs call all the time on what is open already: not recorded (spec.frequentCalls).',
};

export const frequentGroups = (choice: FrequentCalls = 'Include'): Group[] => (choice === 'Include' ? [FREQUENT] : []);

/** Calls that the profile has whatever is seen: to log them would tell nothing. */
export function unloggedNames(choice: FrequentCalls): string[] {
  const groups = [...unseenGroups(SYSCALL_ARCHITECTURES), runtimeGroup(START), ...frequentGroups(choice)];
  return [...new Set(groups.flatMap(({ names }) => names))].sort();
}
