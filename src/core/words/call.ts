import type { Alternative, CallRules } from '../simulate/call-rules.ts';
import { decide, type Outcome } from '../simulate/decide.ts';
import type { Filter } from '../simulate/filter.ts';
import { actionOf, dataOf } from '../simulate/return-value.ts';
import type { SyscallArch } from '../syscalls/table.ts';
import { conditionsInWords } from './condition.ts';
import { outcomeInWords } from './outcome.ts';

/** What becomes of a call under one circumstance. */
export interface Case {
  readonly outcome: Outcome;
  /** In words; nothing for what holds in all other cases. */
  readonly when: string | undefined;
  /** Index in `syscalls`; nothing for the default. */
  readonly rule: number | undefined;
}

/** All that can become of a call, with any arguments: the cases with conditions first, as written. */
export function casesOf(filter: Filter, architecture: SyscallArch, name: string): Case[] {
  const decision = decide(filter, { architecture, call: name });
  const rules = filter.rules.get(architecture)?.get(name);
  const isByRules = decision.cause === 'rule' || decision.cause === 'default' || decision.candidates.length > 1;
  if (!rules || !isByRules || rules.alternatives.length === 0) {
    const { action, errno, rule } = decision;
    return [{ outcome: { action, ...(errno === undefined ? {} : { errno }) }, when: undefined, rule: rule?.index }];
  }
  return [
    ...rules.alternatives.map(each => caseOf(name, each)),
    { outcome: byDefault(filter), when: undefined, rule: undefined },
  ];
}

const caseOf = (name: string, { action, rule, conditions }: CallRules['alternatives'][number]): Case => ({
  outcome: outcomeOf(action),
  when: conditionsInWords(name, conditions) || 'never',
  rule,
});

const byDefault = ({ byDefault: value }: Filter) => outcomeOf(value);

function outcomeOf(value: Alternative['action']): Outcome {
  const action = actionOf(value);
  return action === 'SCMP_ACT_ERRNO' ? { action, errno: dataOf(value) } : { action };
}

/** One line: `allowed if argument 0 = AF_UNIX, else refused with EPERM`. */
export function casesInWords(cases: readonly Case[]): string {
  const groups = Map.groupBy(
    cases.filter(({ when }) => when !== undefined),
    ({ outcome }) => outcomeInWords(outcome),
  );
  const otherwise = cases.find(({ when }) => when === undefined);
  const parts = [...groups].map(([words, each]) => `${words} if ${anyOf(each.map(({ when = '' }) => when))}`);
  const last = otherwise && outcomeInWords(otherwise.outcome);
  return [...parts, ...(last ? [parts.length ? `else ${last}` : last] : [])].join(', ');
}

const EQUALS = /^(argument \d) = (\S+)$/;

/** `argument 0 = A or argument 0 = B` as `argument 0 = A, B`. */
function anyOf(conditions: readonly string[]): string {
  const groups = Map.groupBy(conditions, condition => EQUALS.exec(condition)?.[1] ?? condition);
  return [...groups]
    .map(([argument, each]) =>
      each.length === 1 ? each[0] : `${argument} = ${each.map(one => EQUALS.exec(one)?.[2] ?? one).join(', ')}`,
    )
    .join(' or ');
}
