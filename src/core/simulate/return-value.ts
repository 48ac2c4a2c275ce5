import { own } from '../own.ts';
import { takesErrno } from '../profile/actions.ts';
import type { Environment } from './environment.ts';
import { Refusal } from './refusal.ts';

/*
 * Actions as the filter returns them: the action in the upper half, for some a number in the lower (seccomp(2),
 * `SECCOMP_RET_ACTION_FULL` and `SECCOMP_RET_DATA`).
 */

const RETURN_VALUES: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};

export const EPERM = 1;
export const ENOSYS = 38;

/** libseccomp takes errno below this only (src/system.c, `sys_chk_seccomp_action`). */
const MAX_ERRNO = 4095;

export const KILL_THREAD = 0;

export const errnoValue = (errno: number): number => 0x00050000 + errno;

/**
 * What a rule's or the default's action becomes. Both runtimes keep the lower 16 bits of the number. Throws `Refusal`.
 */
export function returnValue(
  action: string,
  errnoRet: number | undefined,
  { runtime }: Environment,
  field: string,
  rule?: number,
): number {
  const value = own(RETURN_VALUES, action);
  if (value === undefined) throw new Refusal('InvalidValue', `${field}: ${action} is no action`, rule);
  if (!takesErrno(action)) {
    if (errnoRet === undefined || runtime.name === 'runc') return value;
    throw new Refusal('InvalidValue', `${field}: crun takes an errno with ERRNO and TRACE only: remove it`, rule);
  }
  return value + ((errnoRet ?? EPERM) & 0xffff);
}

/** libseccomp refuses the value when it is used, not when it is read. */
export function checkReturnValue(value: number, field: string, rule?: number): void {
  if (value >= 0x00050000 + MAX_ERRNO && value <= 0x0005ffff)
    throw new Refusal('InvalidValue', `${field}: libseccomp takes errno 0 to ${MAX_ERRNO - 1}`, rule);
}

/** The action of a return value, as profiles name it. */
export function actionOf(value: number): string {
  const full = (value & 0xffff0000) >>> 0;
  if (full === KILL_THREAD) return 'SCMP_ACT_KILL_THREAD';
  return Object.keys(RETURN_VALUES).find(name => RETURN_VALUES[name] === full) ?? 'SCMP_ACT_KILL_PROCESS';
}

export const dataOf = (value: number): number => value & 0xffff;

/** How much a return value takes from the caller: the kernel's order of precedence (seccomp(2)). */
export function severityOf(value: number): number {
  const full = (value & 0xffff0000) >>> 0;
  return full === 0x80000000 ? 0x7fff0000 + 1 : 0x7fff0000 - full;
}
