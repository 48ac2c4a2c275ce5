import type { Syscall } from '../api/seccomp-profile.ts';
import { isRefusing, takesErrno } from './actions.ts';
import { COMPATIBLE_ARCHITECTURES } from './architectures.ts';
import type { ResolvedSpec } from './base.ts';
import type { Mode } from './mode.ts';

/** What takes the place of a refusal. */
const REFUSAL = { Audit: 'SCMP_ACT_LOG', Kill: 'SCMP_ACT_KILL_PROCESS' } as const;

/** ENOSYS, "Function not implemented" (errno(3)). */
const ENOSYS = 38;
/** What a runtime returns where no number is given (OCI runtime-spec, config-linux.md, `errnoRet`). */
const EPERM = 1;

/**
 * The form that a profile takes in its mode.
 *
 * - Audit: every refusing action becomes SCMP_ACT_LOG, which lets the call pass and is always logged, whatever `flags` say.
 *   Calls of an architecture that a filter does not list end the thread (libseccomp, SCMP_FLTATR_ACT_BADARCH), so all of the
 *   node's family are listed.
 * - Kill: every refusing action becomes SCMP_ACT_KILL_PROCESS, but for the answer ENOSYS: that is how a program is told to
 *   make another call (clone instead of clone3), and it goes on.
 *
 * What is no refusal stays: ALLOW, LOG, and NOTIFY, where a program decides on which workloads may depend. `flags` and
 * `listenerPath` stay as well, so that what a runtime cannot load fails in Audit already.
 */
export function formOf({ mode = 'Enforce', ...spec }: ResolvedSpec): ResolvedSpec {
  if (mode === 'Enforce') return spec;
  const { defaultAction, defaultErrnoRet, ...rest } = spec;
  const byDefault = inMode({ action: defaultAction, errnoRet: defaultErrnoRet }, mode);
  return {
    ...rest,
    defaultAction: byDefault.action,
    ...(byDefault.errnoRet === undefined ? {} : { defaultErrnoRet: byDefault.errnoRet }),
    syscalls: effectiveRules(spec)
      .map(rule => inMode(rule, mode))
      .filter(rule => answerOf(rule) !== answerOf(byDefault)),
    ...(mode === 'Audit' ? { architectures: withFamilies(spec.architectures) } : {}),
  };
}

/** What happens to a call. */
interface Answer {
  readonly action: Syscall['action'];
  readonly errnoRet?: number | undefined;
}

function inMode<A extends Answer>(answer: A, mode: Exclude<Mode, 'Enforce'>): A {
  const { errnoRet, ...others } = answer;
  const asksForAnother = mode === 'Kill' && answer.action === 'SCMP_ACT_ERRNO' && errnoRet === ENOSYS;
  return isRefusing(answer.action) && !asksForAnother ? ({ ...others, action: REFUSAL[mode] } as unknown as A) : answer;
}

function withFamilies(listed: ResolvedSpec['architectures'] = []): NonNullable<ResolvedSpec['architectures']> {
  return [...new Set([...listed, ...COMPATIBLE_ARCHITECTURES])] as NonNullable<ResolvedSpec['architectures']>;
}

/**
 * The rules that hold in the form as written: runtimes skip one that says what the default says, and the first unconditional
 * rule of a call holds alone, wherever it stands (libseccomp, `db_col_rule_add`). A rule that turns into what the default
 * says is skipped too; were those that it had overruled still there, they would come to life.
 */
function effectiveRules({ defaultAction, defaultErrnoRet, syscalls = [] }: ResolvedSpec): Syscall[] {
  const byDefault = answerOf({ action: defaultAction, errnoRet: defaultErrnoRet });
  const rules = syscalls.filter(rule => answerOf(rule) !== byDefault);
  const alone = new Map<string, Syscall>();
  for (const rule of rules.filter(({ args }) => !args?.length)) {
    for (const name of rule.names) if (!alone.has(name)) alone.set(name, rule);
  }
  return rules.flatMap(rule => {
    const names = rule.names.filter(name => (alone.get(name) ?? rule) === rule);
    return names.length ? [{ ...rule, names }] : [];
  });
}

/** As runtimes compare it: SCMP_ACT_KILL is KILL_THREAD by its old name. */
function answerOf({ action, errnoRet = EPERM }: Answer): string {
  if (action === 'SCMP_ACT_KILL') return 'SCMP_ACT_KILL_THREAD';
  return takesErrno(action) ? `${action} ${errnoRet}` : action;
}
