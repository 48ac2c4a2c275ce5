import { errnoName } from '../errno.ts';
import type { Outcome } from '../simulate/decide.ts';

/** What becomes of a call, in a few words. */
export function outcomeInWords({ action, errno }: Outcome): string {
  switch (action) {
    case 'SCMP_ACT_ALLOW':
      return 'allowed';
    case 'SCMP_ACT_LOG':
      return 'allowed and logged';
    case 'SCMP_ACT_ERRNO':
      return errno === 0 ? 'not made, and reported as done' : `refused with ${errnoInWords(errno)}`;
    case 'SCMP_ACT_TRACE':
      return 'passed to a tracer';
    case 'SCMP_ACT_NOTIFY':
      return 'passed to the seccomp agent';
    case 'SCMP_ACT_TRAP':
      return 'refused with SIGSYS';
    case 'SCMP_ACT_KILL_THREAD':
      return 'ends the thread';
    case 'SCMP_ACT_KILL_PROCESS':
      return 'ends the process';
    default:
      return action;
  }
}

const errnoInWords = (errno = 1) => errnoName(errno) ?? `errno ${errno}`;

export const isAllowed = ({ action }: Outcome): boolean => action === 'SCMP_ACT_ALLOW' || action === 'SCMP_ACT_LOG';
