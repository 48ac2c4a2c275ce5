import { errnoName } from '../errno.ts';
import type { Arguments } from './call-rules.ts';
import type { Condition } from './condition.ts';
import type { Decision, MatchingRule, Outcome } from './decide.ts';

/** What an outcome means for the program that makes the call (seccomp(2)). */
export function outcomeText({ action, errno }: Outcome): string {
  const failure = errno === undefined ? '' : (errnoName(errno) ?? `errno ${errno}`);
  switch (action) {
    case 'SCMP_ACT_ALLOW':
      return 'allowed';
    case 'SCMP_ACT_LOG':
      return 'allowed and logged';
    case 'SCMP_ACT_ERRNO':
      return errno === 0 ? 'not made, and seems to succeed (errno 0)' : `refused with ${failure}`;
    case 'SCMP_ACT_TRAP':
      return 'refused by the signal SIGSYS, which ends the process unless it handles it';
    case 'SCMP_ACT_TRACE':
      return `left to a tracer; without one it fails with ${failure}`;
    case 'SCMP_ACT_NOTIFY':
      return errno === undefined
        ? 'left to the seccomp agent'
        : `fails with ${failure}, since there is no seccomp agent`;
    case 'SCMP_ACT_KILL_THREAD':
      return 'refused, and ends the thread that makes it';
    default:
      return 'refused, and ends the process';
  }
}

const SIGNS: Readonly<Record<Condition['op'], string>> = {
  SCMP_CMP_EQ: '==',
  SCMP_CMP_NE: '!=',
  SCMP_CMP_LT: '<',
  SCMP_CMP_LE: '<=',
  SCMP_CMP_GE: '>=',
  SCMP_CMP_GT: '>',
  SCMP_CMP_MASKED_EQ: '==',
};

/** Small numbers are read best as they are, flags and addresses in hexadecimal. */
const numberText = (value: bigint): string => (value < 4096n ? String(value) : `0x${value.toString(16)}`);

export function conditionText({ index, op, value, valueTwo }: Condition): string {
  if (op !== 'SCMP_CMP_MASKED_EQ') return `argument ${index} ${SIGNS[op]} ${numberText(value)}`;
  return `argument ${index} & ${numberText(value)} == ${numberText(valueTwo & value)}`;
}

export const ruleText = ({ index, conditions, ...outcome }: MatchingRule): string =>
  `syscalls[${index}]${conditions.length ? ` (${conditions.map(conditionText).join(' and ')})` : ''}: ${outcomeText(outcome)}`;

/** A call as one would write it in C; nothing for arguments that are not known. */
export function callText({ name, number, architecture }: Decision, args: Arguments = []): string {
  const known = args.findLastIndex(each => each !== undefined) + 1;
  const list = args.slice(0, known).map(each => (each === undefined ? '?' : numberText(each)));
  return `${name ?? `system call ${number}`}(${known ? list.join(', ') : ''}) on ${architecture}`;
}

/** Which part of the profile decided, and why that is not sure: one sentence a line. */
export function explain(decision: Decision): string[] {
  const { certainty, candidates, matching, reason, rule } = decision;
  const lines = [causeText(decision)];
  const others = matching.filter(each => each !== rule && !isSameRule(each, rule));
  if (certainty !== 'certain') {
    lines.push(`${certainty}: ${reason ?? 'no more is known'}`);
    for (const each of others) lines.push(`also matching, ${ruleText(each)}`);
    if (candidates.length > 1) lines.push(`possible: ${candidates.map(outcomeText).join('; ')}`);
  } else if (reason !== undefined) lines.push(reason);
  return lines;
}

const isSameRule = (a: MatchingRule, b: MatchingRule | undefined): boolean => a.index === b?.index;

function causeText(decision: Decision): string {
  switch (decision.cause) {
    case 'rule':
      return decision.rule ? ruleText(decision.rule) : outcomeText(decision);
    case 'default':
      if (decision.certainty !== 'certain') return `expected: ${outcomeText(decision)}`;
      return `no rule decides, defaultAction: ${outcomeText(decision)}`;
    case 'architecture':
      return `not in architectures: ${outcomeText(decision)}`;
    case 'new-call':
      return `newer than the profile: ${outcomeText(decision)}`;
    case 'never-filtered':
      return outcomeText(decision);
  }
}
