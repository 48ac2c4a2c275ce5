/** What the kernel did with a call, from the `code` of its record: `SECCOMP_RET_ACTION_FULL` of linux/seccomp.h. */
export interface Verdict {
  /** The action as profiles name it; undefined for one that this version does not know. */
  readonly action: string | undefined;
  /** In words: what became of the call, and of who made it. */
  readonly effect: string;
}

/**
 * By SECCOMP_RET_*. A record has the action alone, without its data (`__seccomp_filter` in kernel/seccomp.c): which error number
 * a caller got is not known. Only those are logged that are in the sysctl kernel.seccomp.actions_logged; ALLOW never is.
 */
const VERDICTS: ReadonlyMap<number, Verdict> = new Map([
  [0x80000000, { action: 'SCMP_ACT_KILL_PROCESS', effect: 'process killed' }],
  [0x00000000, { action: 'SCMP_ACT_KILL_THREAD', effect: 'thread killed' }],
  [0x00030000, { action: 'SCMP_ACT_TRAP', effect: 'refused with SIGSYS' }],
  [0x00050000, { action: 'SCMP_ACT_ERRNO', effect: 'refused with an error number' }],
  [0x7fc00000, { action: 'SCMP_ACT_NOTIFY', effect: 'passed to the seccomp agent' }],
  [0x7ff00000, { action: 'SCMP_ACT_TRACE', effect: 'passed to the tracer, or refused without one' }],
  [0x7ffc0000, { action: 'SCMP_ACT_LOG', effect: 'allowed and logged' }],
]);

const EFFECTS: ReadonlyMap<string, string> = new Map(
  [...VERDICTS.values()].map(({ action = '', effect }) => [action, effect]),
);

export function verdictOf(code: number): Verdict {
  return VERDICTS.get(code) ?? { action: undefined, effect: `unknown action 0x${code.toString(16)}` };
}

/** The same in words, from an action as profiles name it. */
export const effectOf = ({ action }: { readonly action: string }): string => EFFECTS.get(action) ?? action;

/** False for what was let through: Audit mode shows what enforcing would have refused. */
export const wasRefused = ({ action }: Verdict): boolean => action !== 'SCMP_ACT_LOG';
