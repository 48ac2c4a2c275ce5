import type { SeccompNodeStatus } from '../api/seccomp-node.ts';
import { type Call, callKey, callNamed, LOGGED } from './call.ts';
import { numbersIn } from './number-list.ts';
import { isRuntime } from './runtime-command.ts';

/** What one node says of calls that were logged or refused there. */
export type NodeViolations = NonNullable<SeccompNodeStatus['violations']>;
export type NodeViolation = NodeViolations['entries'][number];
export type NodeCallSet = NonNullable<NodeViolations['callSets']>[number];

/**
 * A report's calls one by one: those that are counted, and as made once those that are in sets only. What the program calls
 * too is not the runtime's.
 */
export function callsIn({ entries, callSets = [] }: Pick<NodeViolations, 'entries' | 'callSets'>): NodeViolation[] {
  if (callSets.length === 0) return entries;
  const sets = [...callSets.filter(isOfProgram), ...callSets.filter(each => !isOfProgram(each))];
  const calls = new Map(entries.map(each => [keyOf(each), each]));
  for (const each of sets.flatMap(membersOf)) if (!calls.has(keyOf(each))) calls.set(keyOf(each), each);
  return [...calls.values()];
}

const isOfProgram = ({ command }: NodeCallSet): boolean => !isRuntime(command);

const keyOf = (entry: NodeViolation): string => `${entry.containerID} ${callKey(entry)}`;

const membersOf = ({ numbers, architecture, ...where }: NodeCallSet): NodeViolation[] =>
  numbersIn(numbers).map(number => ({ ...where, ...logged(architecture, number), count: 1 }));

const logged = (architecture: string, number: number): Call => ({
  syscall: callNamed(architecture, number),
  architecture,
  action: LOGGED,
});
