import type { SeccompNodeStatus } from '../api/seccomp-node.ts';
import { type Call, callKey, callNamed, LOGGED } from './call.ts';
import { numbersIn } from './number-list.ts';

/** What one node says of calls that were logged or refused there. */
export type NodeViolations = NonNullable<SeccompNodeStatus['violations']>;
export type NodeViolation = NodeViolations['entries'][number];
export type NodeCallSet = NonNullable<NodeViolations['callSets']>[number];

/** A report's calls one by one: those that are counted, and as made once those that are in sets only. */
export function callsIn({ entries, callSets = [] }: Pick<NodeViolations, 'entries' | 'callSets'>): NodeViolation[] {
  if (callSets.length === 0) return entries;
  const counted = new Set(entries.map(keyOf));
  return [...entries, ...callSets.flatMap(membersOf).filter(each => !counted.has(keyOf(each)))];
}

const keyOf = (entry: NodeViolation): string => `${entry.containerID} ${callKey(entry)}`;

const membersOf = ({ numbers, architecture, ...where }: NodeCallSet): NodeViolation[] =>
  numbersIn(numbers).map(number => ({ ...where, ...logged(architecture, number), count: 1 }));

const logged = (architecture: string, number: number): Call => ({
  syscall: callNamed(architecture, number),
  architecture,
  action: LOGGED,
});
