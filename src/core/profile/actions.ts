/**
 * Actions from the least to the most restrictive, in the kernel's order of precedence read backwards
 * (seccomp(2), "the action value with highest precedence"). SCMP_ACT_KILL is libseccomp's older name of KILL_THREAD.
 */
const LEAST_RESTRICTIVE_FIRST = [
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_NOTIFY',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_KILL_PROCESS',
];

const rank = (action: string) =>
  LEAST_RESTRICTIVE_FIRST.indexOf(action === 'SCMP_ACT_KILL' ? 'SCMP_ACT_KILL_THREAD' : action);

export const isLessRestrictive = (a: string, b: string): boolean => rank(a) < rank(b);

export const isAction = (value: unknown): boolean => typeof value === 'string' && rank(value) >= 0;

/** Only these carry a number for the caller; crun refuses it on others. */
export const takesErrno = (action: string): boolean => action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE';

/**
 * The call is not made, unless a tracer happens to be attached (SCMP_ACT_TRACE without one gives ENOSYS, seccomp(2)). Not
 * SCMP_ACT_NOTIFY: there a program decides, which a runtime demands to be there when the container starts.
 */
export const isRefusing = (action: string): boolean =>
  action !== 'SCMP_ACT_NOTIFY' && rank(action) > rank('SCMP_ACT_LOG');
