import { isRefusing } from '../profile/actions.ts';
import type { ResolvedSpec } from '../profile/base.ts';
import { formOf } from '../profile/form.ts';

/**
 * Actions of a profile that leave no record: SCMP_ACT_ERRNO, TRAP and TRACE are logged only by a filter with
 * SECCOMP_FILTER_FLAG_LOG; the kill actions and SCMP_ACT_LOG always (seccomp(2), `seccomp_log` in kernel/seccomp.c).
 */
export function unrecordedActions(profile: ResolvedSpec): string[] {
  const { flags = [], defaultAction, syscalls = [] } = formOf(profile);
  if (flags.includes('SECCOMP_FILTER_FLAG_LOG')) return [];
  const actions = new Set<string>([defaultAction, ...syscalls.map(({ action }) => action)]);
  return [...actions].filter(action => isRefusing(action) && !action.startsWith('SCMP_ACT_KILL')).sort();
}

/** Whether one of its rules for the call has conditions. */
export const hasConditions = ({ syscalls = [] }: ResolvedSpec, syscall: string): boolean =>
  syscalls.some(({ names, args }) => Boolean(args?.length) && names.includes(syscall));
