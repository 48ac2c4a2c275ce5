import { type SyscallArch, syscallName, syscallNumber } from '../syscalls/table.ts';
import type { Alternative, Arguments, CallRules } from './call-rules.ts';
import type { Condition } from './condition.ts';
import { isKnownTo } from './environment.ts';
import type { Filter } from './filter.ts';
import { actionOf, dataOf, ENOSYS, errnoValue, KILL_THREAD, severityOf } from './return-value.ts';
import { isAlwaysAnswered } from './stub.ts';
import type { Verdict } from './tree.ts';

/** A system call as a program makes it. */
export interface Call {
  /** Of the program; the node's own unless given. */
  readonly architecture?: SyscallArch;
  /** By name, or by the number that the kernel sees. */
  readonly call: string | number;
  /** Up to six; those that are missing or undefined are not known. */
  readonly args?: Arguments;
}

/** What becomes of a call. */
export interface Outcome {
  /** As in a profile; SCMP_ACT_KILL is called by its newer name, SCMP_ACT_KILL_THREAD. */
  readonly action: string;
  /** The error number that the caller gets; 0 is none, and the call is not made either. */
  readonly errno?: number;
}

/** A rule of the profile, and the conditions of it that hold: one of them where several are on one argument. */
export interface MatchingRule extends Outcome {
  /** Index in `syscalls`. */
  readonly index: number;
  readonly conditions: readonly Condition[];
}

export type Cause =
  /** The program's architecture is not in the filter. */
  | 'architecture'
  /** runc answers to calls that are newer than the profile. */
  | 'new-call'
  | 'rule'
  | 'default'
  /** The kernel does not ask the filter. */
  | 'never-filtered';

export interface Decision extends Outcome {
  readonly number: number;
  /** The call's name; nothing for a number without one. */
  readonly name: string | undefined;
  readonly architecture: SyscallArch;
  /**
   * `ambiguous`: rules with different actions match, and which one wins is libseccomp's. `uncertain`: libseccomp does not do
   * what the profile says, or arguments are missing. The action is then what is to be expected.
   */
  readonly certainty: 'certain' | 'ambiguous' | 'uncertain';
  readonly cause: Cause;
  /** The rule that decides. */
  readonly rule?: MatchingRule;
  /** All rules that match as the profile is written, or that may match where arguments are not known. */
  readonly matching: readonly MatchingRule[];
  /** Whatever can happen, the expected first. */
  readonly candidates: readonly Outcome[];
  /** Why it is not certain, or not what one might think. */
  readonly reason?: string;
}

/** A call that its architecture does not have. */
export class UnknownCall extends Error {}

/** What the filter does with a call. Throws `UnknownCall`. */
export function decide(
  filter: Filter,
  { architecture: given = filter.environment.native, call, args = [] }: Call,
): Decision {
  const number = numberOf(given, call);
  const architecture = given === 'SCMP_ARCH_X86_64' && (number & X32_BIT) !== 0 ? 'SCMP_ARCH_X32' : given;
  const name = syscallName(architecture, number);
  const rules = filter.rules.get(architecture);
  const always = (value: number, cause: Cause, reason?: string): Decision =>
    made(filter, { architecture, number, name, cause, certainty: 'certain', values: [value], matching: [], reason });
  if (!rules)
    return always(
      KILL_THREAD,
      'architecture',
      `the profile's architectures do not list ${architecture}, and others are killed`,
    );
  if (architecture === 'SCMP_ARCH_X86_64' && NEVER_FILTERED.includes(name ?? ''))
    return { ...always(ALLOW, 'never-filtered', NEVER_FILTERED_REASON), certainty: 'uncertain' };
  const highest = filter.highest.get(architecture);
  if (highest !== undefined && (number > highest || isAlwaysAnswered(architecture, number)))
    return always(errnoValue(ENOSYS), 'new-call', newCallReason(architecture, highest));
  const ofCall = name === undefined ? undefined : rules.get(name);
  if (!ofCall) return always(filter.byDefault, 'default', unknownReason(filter, name));
  return byRules(filter, ofCall, { architecture, number, name }, args);
}

const ALLOW = 0x7fff0000;

/** arch/x86/include/uapi/asm/unistd.h, `__X32_SYSCALL_BIT`. */
const X32_BIT = 0x40000000;

/** Linux, kernel/seccomp.c, `__secure_computing`. */
const NEVER_FILTERED = ['uretprobe', 'uprobe'];
const NEVER_FILTERED_REASON = 'newer kernels never ask a filter about it (uretprobe since 6.14, uprobe since 6.18)';

function numberOf(architecture: SyscallArch, call: string | number): number {
  if (typeof call === 'number') return call;
  const number = syscallNumber(architecture, call);
  if (number === undefined) throw new UnknownCall(`${architecture} has no system call ${call}`);
  return number;
}

const newCallReason = (architecture: SyscallArch, highest: number) =>
  `runc answers ENOSYS to calls with a number above ${highest} (${syscallName(architecture, highest) ?? 'unnamed'}), the highest that the profile names`;

function unknownReason({ profile, environment: { libseccomp } }: Filter, name: string | undefined): string | undefined {
  if (name === undefined || isKnownTo(libseccomp, name)) return undefined;
  if (!profile.syscalls?.some(({ names }) => names.includes(name))) return undefined;
  return `libseccomp${libseccomp ? ` ${libseccomp}` : ''} does not know ${name}, and its rules are left out`;
}

interface Which {
  readonly architecture: SyscallArch;
  readonly number: number;
  readonly name: string | undefined;
}

/** Compares what the rules say with what libseccomp's program does. */
function byRules(filter: Filter, rules: CallRules, call: Which, args: Arguments): Decision {
  const { byDefault } = filter;
  const isBlind = filter.blind.includes(call.architecture);
  const { surely, perhaps } = rules.matching(args);
  const outcomes = isBlind ? [undefined] : rules.outcomes(args);
  const done = unique(outcomes.map(each => each?.action ?? byDefault));
  const written = unique([...surely, ...perhaps].map(({ action }) => action));
  if (surely.length === 0 && !written.includes(byDefault)) written.push(byDefault);
  const matching = [...surely, ...perhaps];
  const decisive = outcomes.length === 1 ? decisiveOf(outcomes[0], matching, rules) : undefined;
  const result = { ...call, matching, values: done, decisive, cause: decisive ? 'rule' : 'default' } as const;
  if (done.length === 1 && written.length === 1 && done[0] === written[0])
    return made(filter, { ...result, certainty: 'certain' });
  const values = unique([...done, ...written]);
  if (isBlind) return made(filter, { ...result, values, certainty: 'uncertain', reason: blindReason(call) });
  if (surely.length > 1 && perhaps.length === 0 && written.length > 1)
    return made(filter, { ...result, values, certainty: 'ambiguous', reason: ambiguousReason(surely) });
  if (perhaps.length === 0)
    return made(filter, { ...result, values, certainty: 'uncertain', reason: deviationReason(surely, call) });
  values.sort((a, b) => severityOf(b) - severityOf(a));
  return made(filter, { ...result, values, certainty: 'uncertain', reason: missingReason(perhaps, args) });
}

/** Of rules with the same action libseccomp may keep any: one that matches is meant. */
function decisiveOf(verdict: Verdict | undefined, matching: readonly Alternative[], rules: CallRules) {
  if (!verdict) return undefined;
  const isIt = ({ action }: Alternative) => action === verdict.action;
  return (
    matching.find(isIt) ??
    rules.alternatives.find(({ rule, action }) => rule === verdict.rule && action === verdict.action)
  );
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

const blindReason = ({ architecture }: Which) =>
  `libseccomp's filter for ${architecture} does not look at the call's number, because the first call in its order does not exist there: add a rule without conditions for a call that does, such as exit_group`;

const ambiguousReason = (matching: readonly Alternative[]) =>
  `${ruleList(matching)} match and differ, and which of them libseccomp takes follows no rule one could rely on: make their conditions exclude each other`;

const deviationReason = (matching: readonly Alternative[], { name }: Which) =>
  matching.length
    ? `as written ${ruleList(matching)} decide${matching.length === 1 ? 's' : ''}, but libseccomp loses it when it merges the conditions for ${name}: use fewer rules with conditions for this call`
    : `as written no rule matches, but libseccomp mixes up the conditions for ${name}: use fewer rules with conditions for this call`;

function missingReason(perhaps: readonly Alternative[], args: Arguments): string {
  const indexes = unique(perhaps.flatMap(({ conditions }) => conditions.map(({ index }) => index)));
  const missing = indexes.filter(index => args[index] === undefined).sort();
  return `depends on argument${missing.length > 1 ? 's' : ''} ${missing.join(', ')}, not given`;
}

const ruleList = (matching: readonly Alternative[]): string => {
  const indexes = unique(matching.map(({ rule }) => rule));
  return indexes.length === 1 ? `rule ${indexes[0]}` : `rules ${indexes.join(', ')}`;
};

interface Made extends Which {
  readonly certainty: Decision['certainty'];
  readonly cause: Cause;
  readonly values: readonly number[];
  readonly matching: readonly Alternative[];
  readonly decisive?: Alternative | undefined;
  readonly reason?: string | undefined;
}

function made(filter: Filter, { values, matching, decisive, reason, ...rest }: Made): Decision {
  const outcome = (value: number) => outcomeOf(value, filter);
  const rule = ({ rule: index, conditions, action }: Alternative): MatchingRule => ({
    index,
    conditions,
    ...outcome(action),
  });
  const [value = filter.byDefault] = values;
  return {
    ...rest,
    ...outcome(value),
    ...(decisive && { rule: rule(decisive) }),
    matching: matching.map(rule),
    candidates: values.map(outcome),
    ...(reason !== undefined && { reason }),
  };
}

/** Without a tracer or a listener the kernel answers ENOSYS (seccomp(2)). */
function outcomeOf(value: number, { profile }: Filter): Outcome {
  const action = actionOf(value);
  if (action === 'SCMP_ACT_ERRNO') return { action, errno: dataOf(value) };
  if (action === 'SCMP_ACT_TRACE') return { action, errno: ENOSYS };
  if (action === 'SCMP_ACT_NOTIFY' && !profile.listenerPath) return { action, errno: ENOSYS };
  return { action };
}
