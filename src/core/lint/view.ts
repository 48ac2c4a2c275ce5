import type { Arg } from '../api/seccomp-profile.ts';
import { takesErrno } from '../profile/actions.ts';
import type { ResolvedSpec } from '../profile/base.ts';
import { parseUint64 } from '../profile/uint64.ts';
import { type SyscallArch, syscallNumber } from '../syscalls/table.ts';

/** What happens to a call: an action, and the number it gives where it gives one. */
export interface Outcome {
  readonly action: string;
  readonly errno?: number;
}

export interface Condition {
  readonly index: number;
  readonly op: Arg['op'];
  readonly value: bigint;
  readonly valueTwo: bigint;
}

/** A rule as a runtime reads it. */
export interface RuleView {
  readonly at: number;
  readonly outcome: Outcome;
  readonly names: readonly string[];
  readonly conditions: readonly Condition[];
  /** The same for rules whose conditions say the same, whatever their order; empty without conditions. */
  readonly key: string;
}

/** What a profile says of a call: one thing whatever its arguments, or several. */
export interface Verdict {
  /** More than one where it depends on the arguments; the default's is last then. */
  readonly outcomes: readonly Outcome[];
  /** The rule that decides alone. */
  readonly rule?: RuleView;
}

/** Linux, include/uapi/asm-generic/errno-base.h: what ERRNO and TRACE give unless told (runc, crun). */
export const EPERM = 1;
export const ENOSYS = 38;

/**
 * A profile as runtimes read it: a rule that says what the default says is dropped, an unconditional one swallows the
 * conditional ones of the same call, and of several unconditional ones the first holds (runc, libcontainer/seccomp; crun,
 * src/libcrun/seccomp.c; libseccomp, src/db.c).
 */
export class ProfileView {
  readonly spec: ResolvedSpec;
  readonly default: Outcome;
  readonly rules: readonly RuleView[];
  readonly #byName = new Map<string, RuleView[]>();
  readonly #verdicts = new Map<string, Verdict>();

  constructor(spec: ResolvedSpec) {
    this.spec = spec;
    this.default = outcomeOf(spec.defaultAction, spec.defaultErrnoRet);
    this.rules = (spec.syscalls ?? []).map((rule, at) => {
      const conditions = (rule.args ?? []).map((arg, index) => conditionOf(arg, `spec.syscalls[${at}].args[${index}]`));
      const outcome = outcomeOf(rule.action, rule.errnoRet);
      return { at, outcome, names: [...new Set(rule.names)], conditions, key: conditionsKey(conditions) };
    });
    for (const rule of this.rules) {
      for (const name of rule.names) {
        const rules = this.#byName.get(name);
        if (rules) rules.push(rule);
        else this.#byName.set(name, [rule]);
      }
    }
  }

  /** All names, each once. */
  names(): Iterable<string> {
    return this.#byName.keys();
  }

  /** The rules that name a call, also those without effect. */
  rulesFor(name: string): readonly RuleView[] {
    return this.#byName.get(name) ?? [];
  }

  /** Names of which more than one rule speaks. */
  *namesInSeveral(): Iterable<string> {
    for (const [name, rules] of this.#byName) if (rules.length > 1) yield name;
  }

  verdict(name: string): Verdict {
    const known = this.#verdicts.get(name) ?? this.#judge(name);
    this.#verdicts.set(name, known);
    return known;
  }

  #judge(name: string): Verdict {
    const rules = this.rulesFor(name).filter(({ outcome }) => !isSame(outcome, this.default));
    const decisive = rules.find(({ conditions }) => conditions.length === 0);
    if (decisive) return { outcomes: [decisive.outcome], rule: decisive };
    return { outcomes: [...rules.map(({ outcome }) => outcome), this.default] };
  }

  /** Whether the call is let through, whatever its arguments. */
  allows(name: string): boolean {
    return this.verdict(name).outcomes.every(passes);
  }

  /** Whether the call is refused, whatever its arguments. */
  refuses(name: string): boolean {
    return !this.verdict(name).outcomes.some(passes);
  }

  /** Calls outside the rules are refused. */
  get isAllowList(): boolean {
    return !passes(this.default);
  }

  /**
   * What runc answers instead of the default: ENOSYS to a call whose number is above all that the profile names, since the
   * profile's author cannot have known it (runc, libcontainer/seccomp/patchbpf/enosys_linux.go).
   */
  hasStubFor(name: string, arch: SyscallArch): boolean {
    const number = syscallNumber(arch, name);
    if (number === undefined || passes(this.default) || this.default.action === 'SCMP_ACT_TRACE') return false;
    const named = [...this.#byName.keys()].map(each => syscallNumber(arch, each) ?? 0);
    return number > Math.max(0, ...named);
  }
}

/** Let through: logged or not. A seccomp agent may let it through too. */
export const passes = ({ action }: Outcome): boolean =>
  action === 'SCMP_ACT_ALLOW' || action === 'SCMP_ACT_LOG' || action === 'SCMP_ACT_NOTIFY';

/** Ends the thread or the process, or sends it a signal that ends it. */
export const kills = ({ action }: Outcome): boolean => action.startsWith('SCMP_ACT_KILL') || action === 'SCMP_ACT_TRAP';

export const isSame = (a: Outcome, b: Outcome): boolean => a.action === b.action && a.errno === b.errno;

export const outcomeText = ({ action, errno }: Outcome): string =>
  errno === undefined || errno === EPERM ? action : `${action} ${errno}`;

/** SCMP_ACT_KILL is KILL_THREAD's older name (libseccomp, seccomp.h). */
function outcomeOf(action: string, errno: number | undefined): Outcome {
  if (action === 'SCMP_ACT_KILL') return { action: 'SCMP_ACT_KILL_THREAD' };
  return takesErrno(action) ? { action, errno: errno ?? EPERM } : { action };
}

const conditionOf = ({ index, op, value, valueTwo }: Arg, field: string): Condition => ({
  index,
  op,
  value: parseUint64(value ?? 0, `${field}.value`),
  valueTwo: op === 'SCMP_CMP_MASKED_EQ' ? parseUint64(valueTwo ?? 0, `${field}.valueTwo`) : 0n,
});

/**
 * The conditions as libseccomp gets them: all at once, or, as soon as two are of one argument, each alone, so that one is
 * enough (runc, libcontainer/seccomp/seccomp_linux.go, `matchCall`; crun, src/libcrun/seccomp.c).
 */
export function alternatives(conditions: readonly Condition[]): readonly (readonly Condition[])[] {
  const indices = new Set(conditions.map(({ index }) => index));
  return indices.size === conditions.length ? [conditions] : conditions.map(each => [each]);
}

/** The same for conditions that say the same, whatever their order. */
export const conditionsKey = (conditions: readonly Condition[]): string =>
  conditions
    .map(({ index, op, value, valueTwo }) => `${index} ${op} ${value} ${valueTwo}`)
    .sort()
    .join(', ');
