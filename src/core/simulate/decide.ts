import { type SyscallArch, syscallName, syscallNumber } from '../syscalls/table.ts';
import type { Filter } from './filter.ts';
import { ENOSYS, errnoValue, KILL_THREAD } from './return-value.ts';
import { highestNamed, isAlwaysAnswered } from './stub.ts';

/** A call as the kernel shows it to the filter. */
export interface Call {
  readonly architecture: SyscallArch;
  readonly call: string | number;
  readonly args: readonly bigint[];
}

export interface Decision {
  readonly value: number;
  readonly certainty: 'certain' | 'ambiguous' | 'uncertain';
}

export function decide(filter: Filter, { architecture, call, args }: Call): Decision {
  const number = typeof call === 'number' ? call : syscallNumber(architecture, call);
  if (number === undefined) throw new Error(`no ${call} on ${architecture}`);
  const rules = filter.rules.get(architecture);
  if (!rules) return { value: KILL_THREAD, certainty: 'certain' };
  const name = syscallName(architecture, number);
  const highest = highestNamed(filter.profile, architecture, filter.environment);
  if (highest !== undefined && (number > highest || isAlwaysAnswered(architecture, number)))
    return { value: errnoValue(ENOSYS), certainty: 'certain' };
  const ofCall = name === undefined ? undefined : rules.get(name);
  if (!ofCall) return { value: filter.byDefault, certainty: 'certain' };
  const value = filter.blind.includes(architecture) ? filter.byDefault : ofCall.decide(args)?.action ?? filter.byDefault;
  const matching = [...new Set(ofCall.matching(args).map(each => each.action))];
  if (matching.length > 1) return { value, certainty: 'ambiguous' };
  return { value, certainty: (matching[0] ?? filter.byDefault) === value ? 'certain' : 'uncertain' };
}
