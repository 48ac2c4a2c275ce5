import { takesErrno } from '../../profile/actions.ts';
import type { Report, Rule } from '../finding.ts';

/** The largest error number that a filter can give (libseccomp, MAX_ERRNO; 4095 itself is refused). */
const LARGEST = 4094;

export const errnoRange: Rule = {
  id: 'errno-range',
  severity: 'error',
  summary: 'an error number that fakes success, keeps containers from starting, or goes nowhere',
  *check({ spec }) {
    yield* check(spec.defaultAction, spec.defaultErrnoRet, { field: 'defaultErrnoRet' });
    for (const [syscall, { action, errnoRet, names }] of (spec.syscalls ?? []).entries()) {
      yield* check(action, errnoRet, { syscall, field: 'errnoRet', names });
    }
  },
};

function* check(action: string, errno: number | undefined, place: Pick<Report, 'syscall' | 'field' | 'names'>) {
  if (errno === undefined) return;
  if (!takesErrno(action)) {
    yield {
      message: `${action} gives no error number: crun starts no container with one`,
      fix: 'Remove it, or use SCMP_ACT_ERRNO.',
      ...place,
    };
  } else if (errno > LARGEST || errno < 0) {
    yield {
      message: `${errno} is no error number that a filter can give: containers do not start ("two checks on same syscall argument", "Invalid argument"), or get another number`,
      fix: `Write 1 (EPERM) to ${LARGEST}.`,
      ...place,
    };
  } else if (errno === 0 && action === 'SCMP_ACT_ERRNO') {
    yield {
      message: 'with 0 a refused call does nothing and reports success: programs go on as if it had been done',
      fix: 'Write 1 (EPERM) or 38 (ENOSYS), unless success is to be faked.',
      severity: 'warning' as const,
      ...place,
    };
  }
}
