import type { Arg } from '../api/seccomp-profile.ts';
import type { ResolvedSpec } from '../profile/base.ts';
import { parseUint64 } from '../profile/uint64.ts';
import { COMPARISONS, type Comparison, type Condition } from './condition.ts';
import { type Environment, isKnownTo } from './environment.ts';
import { Refusal } from './refusal.ts';
import { checkReturnValue, returnValue } from './return-value.ts';

/** What a runtime hands to libseccomp, in this order: one call, some conditions that must all hold, one action. */
export interface Addition {
  readonly name: string;
  readonly conditions: readonly Condition[];
  readonly action: number;
  /** Index of the rule in `syscalls`. */
  readonly rule: number;
}

/** Arguments of a call; a runtime takes conditions on these only. */
const ARGUMENTS = 6;

/**
 * The rules as runc and crun pass them on. Left out, without a word: rules that say what the default says, and names that
 * libseccomp does not know. Conditions of which two are on one argument are passed one by one, so that any of them is
 * enough. Throws `Refusal`.
 *
 * Source: runc, libcontainer/seccomp/seccomp_linux.go, `InitSeccomp` and `matchCall`; crun, src/libcrun/seccomp.c,
 * `libcrun_generate_seccomp`.
 */
export function additionsOf(profile: ResolvedSpec, environment: Environment): Addition[] {
  const byDefault = defaultOf(profile, environment);
  return (profile.syscalls ?? []).flatMap(({ names, action, errnoRet, args = [] }, rule) => {
    const field = `syscalls[${rule}]`;
    const value = returnValue(action, errnoRet, environment, `${field}.action`, rule);
    if (value === byDefault) return [];
    return names
      .filter(name => isKnownTo(environment.libseccomp, name))
      .flatMap(name => {
        checkReturnValue(value, `${field}.errnoRet`, rule);
        return alternatives(args, field, rule).map(conditions => ({ name, conditions, action: value, rule }));
      });
  });
}

/** What the filter returns where no rule decides. */
export function defaultOf({ defaultAction, defaultErrnoRet }: ResolvedSpec, environment: Environment): number {
  const value = returnValue(defaultAction, defaultErrnoRet, environment, 'defaultAction');
  checkReturnValue(value, 'defaultErrnoRet');
  return value;
}

function alternatives(args: readonly Arg[], field: string, rule: number): Condition[][] {
  const conditions = args.map((arg, at) => conditionOf(arg, `${field}.args[${at}]`, rule));
  const isRepeated = new Set(conditions.map(({ index }) => index)).size < conditions.length;
  return isRepeated ? conditions.map(condition => [condition]) : [conditions];
}

function conditionOf({ index, value, valueTwo, op }: Arg, field: string, rule: number): Condition {
  if (!(Number.isInteger(index) && index >= 0 && index < ARGUMENTS))
    throw new Refusal('InvalidValue', `${field}.index: a call has arguments 0 to ${ARGUMENTS - 1}, not ${index}`, rule);
  if (!COMPARISONS.includes(op as Comparison))
    throw new Refusal('InvalidValue', `${field}.op: ${op} is no comparison`, rule);
  return {
    index,
    op,
    value: parseUint64(value ?? 0, `${field}.value`),
    valueTwo: parseUint64(valueTwo ?? 0, `${field}.valueTwo`),
  };
}
