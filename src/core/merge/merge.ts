import type { Arg, SeccompProfileSpec, Syscall } from '../api/seccomp-profile.ts';
import { isLessRestrictive, takesErrno } from '../profile/actions.ts';
import type { ResolvedSpec } from '../profile/base.ts';
import { parseUint64 } from '../profile/uint64.ts';

/** Profiles of which no single list of rules can say the same. The message names the call. */
export class MergeError extends Error {}

export interface Merged {
  readonly spec: SeccompProfileSpec;
  /** Conditions that went, since another profile allows the call without them. */
  readonly notes: readonly string[];
}

/** What happens to a call. */
interface Result {
  readonly action: Syscall['action'];
  readonly errnoRet?: number | undefined;
}

/** What one profile says of a call: results under conditions, in their order, and what holds otherwise. */
interface Treatment {
  readonly conditional: readonly { readonly args: readonly Arg[]; readonly result: Result }[];
  readonly otherwise: Result;
}

/**
 * One profile that lets a call pass wherever one of them does: of two results the less restrictive one. Architectures and
 * flags are those of all. Throws {@link MergeError}.
 */
export function merge(first: ResolvedSpec, ...others: readonly ResolvedSpec[]): Merged {
  const notes: string[] = [];
  const spec = others.reduce<ResolvedSpec>((sum, next) => mergeTwo(sum, next, notes), first);
  if ([first, ...others].some(({ mode }) => mode !== undefined && mode !== 'Enforce'))
    notes.push('mode: is left out; set it where the merged profile is not to be enforced at once');
  const { mode: _, ...enforced } = spec;
  return { spec: enforced, notes };
}

function mergeTwo(a: ResolvedSpec, b: ResolvedSpec, notes: string[]): ResolvedSpec {
  const byDefault = lesser(defaultOf(a), defaultOf(b));
  const names = [...new Set([a, b].flatMap(({ syscalls = [] }) => syscalls.flatMap(each => each.names)))].sort();
  const treatments = names.map(
    name => [name, together(name, treatmentOf(a, name), treatmentOf(b, name), notes)] as const,
  );
  const lists = { architectures: both(a.architectures, b.architectures), flags: both(a.flags, b.flags) };
  return {
    defaultAction: byDefault.action,
    ...(byDefault.errnoRet === undefined ? {} : { defaultErrnoRet: byDefault.errnoRet }),
    ...(lists.architectures.length ? { architectures: lists.architectures } : {}),
    ...(lists.flags.length ? { flags: lists.flags } : {}),
    ...listenerOf(a, b),
    syscalls: rulesOf(treatments, byDefault),
  };
}

const both = <T>(one: readonly T[] = [], two: readonly T[] = []): T[] => [...new Set([...one, ...two])];

function listenerOf(a: ResolvedSpec, b: ResolvedSpec): Pick<SeccompProfileSpec, 'listenerPath' | 'listenerMetadata'> {
  if (a.listenerPath && b.listenerPath && a.listenerPath !== b.listenerPath)
    throw new MergeError(
      'listenerPath: the profiles have different ones, and a filter has one agent; take one of them away',
    );
  const { listenerPath, listenerMetadata } = a.listenerPath ? a : b;
  return { ...(listenerPath ? { listenerPath } : {}), ...(listenerMetadata ? { listenerMetadata } : {}) };
}

const resultOf = (action: Syscall['action'], errnoRet: number | undefined): Result =>
  takesErrno(action) && errnoRet !== undefined ? { action, errnoRet } : { action };

const defaultOf = ({ defaultAction, defaultErrnoRet }: ResolvedSpec) => resultOf(defaultAction, defaultErrnoRet);

/** As runtimes read it: rules that say what the default says are skipped, the first one without conditions holds alone. */
function treatmentOf(spec: ResolvedSpec, name: string): Treatment {
  const byDefault = defaultOf(spec);
  const rules = (spec.syscalls ?? [])
    .filter(({ names }) => names.includes(name))
    .map(({ action, errnoRet, args = [] }) => ({ args, result: resultOf(action, errnoRet) }))
    .filter(({ result }) => keyOf(result) !== keyOf(byDefault));
  const whole = rules.find(({ args }) => args.length === 0);
  return whole ? { conditional: [], otherwise: whole.result } : { conditional: rules, otherwise: byDefault };
}

/** Of two the less restrictive result, call by call. */
function together(name: string, a: Treatment, b: Treatment, notes: string[]): Treatment {
  const otherwise = lesser(a.otherwise, b.otherwise);
  const conditional = new Map<string, Treatment['conditional'][number]>();
  for (const [own, other] of [
    [a, b],
    [b, a],
  ] as const) {
    for (const rule of own.conditional) {
      const key = rule.args.map(conditionKey).sort().join();
      const same = other.conditional.find(each => each.args.map(conditionKey).sort().join() === key);
      const result = same ? lesser(rule.result, same.result) : rule.result;
      // Where the other profile does not look at these arguments, its answer holds there too.
      const isOvertaken =
        !isLessRestrictive(result.action, otherwise.action) && (!same || keyOf(result) === keyOf(otherwise));
      if (isOvertaken && keyOf(rule.result) !== keyOf(otherwise)) notes.push(overtaken(name, rule.result, otherwise));
      if (!isOvertaken) conditional.set(key, { args: rule.args, result });
    }
  }
  return { conditional: [...conditional.values()], otherwise };
}

const overtaken = (name: string, { action }: Result, otherwise: Result) =>
  `${name}: a condition for ${action} is left out, since another profile says ${otherwise.action} there`;

const lesser = (a: Result, b: Result): Result => (isLessRestrictive(b.action, a.action) ? b : a);

const keyOf = ({ action, errnoRet }: Result) =>
  `${action === 'SCMP_ACT_KILL' ? 'SCMP_ACT_KILL_THREAD' : action} ${takesErrno(action) ? (errnoRet ?? 1) : ''}`;

function conditionKey({ index, op, value, valueTwo }: Arg): string {
  const masked = op === 'SCMP_CMP_MASKED_EQ' ? `/${parseUint64(valueTwo ?? 0, 'valueTwo')}` : '';
  return `${index}${op}${parseUint64(value ?? 0, 'value')}${masked}`;
}

/** Calls that are treated alike share a rule; those without conditions come first. */
function rulesOf(treatments: readonly (readonly [string, Treatment])[], byDefault: Result): Syscall[] {
  const rules = new Map<string, { names: string[]; result: Result; args: readonly Arg[] }>();
  const add = (name: string, result: Result, args: readonly Arg[]) => {
    const key = `${args.length ? 1 : 0} ${keyOf(result)} ${args.map(conditionKey).join()}`;
    const rule = rules.get(key) ?? { names: [], result, args };
    rule.names.push(name);
    rules.set(key, rule);
  };
  for (const [name, { conditional, otherwise }] of treatments) {
    if (keyOf(otherwise) === keyOf(byDefault)) for (const { result, args } of conditional) add(name, result, args);
    else if (conditional.length === 0) add(name, otherwise, []);
    else {
      throw new MergeError(
        `${name}: one profile has ${otherwise.action} for it and another conditions; a rule without conditions would hold alone: write the rules for ${name} by hand`,
      );
    }
  }
  return [...rules.values()]
    .sort((a, b) => Number(a.args.length > 0) - Number(b.args.length > 0))
    .map(({ names, result, args }) => ({
      names,
      ...result,
      ...(args.length ? { args: [...args] } : {}),
    })) as Syscall[];
}
