import { isoTime } from '../iso-time.ts';
import { printable } from '../status/printable.ts';
import type { NodeCallSet, NodeViolation, NodeViolations } from './report.ts';

/** No filter comes so far in a thousand years; sums of a fleet's counts stay exact enough and within 64 bits. */
const MOST = 2 ** 40;
const WORD = /^\w+$/;

/**
 * What a node reports, as far as it can be: a node that was taken over writes what the schema lets through, and programs in
 * containers choose their names. Without this one count beyond 2^53 would make a status that the API server refuses, and
 * a time to come would hide what is called later.
 */
export function readViolations(violations: NodeViolations | undefined, now: Date): NodeViolations | undefined {
  if (!violations) return undefined;
  const { message, recorded, lost, unattributed, unlisted, entries, callSets } = violations;
  return {
    ...violations,
    message: printable(message),
    recorded: bounded(recorded),
    lost: bounded(lost),
    unattributed: bounded(unattributed),
    unlisted: bounded(unlisted),
    entries: entries.filter(isPossible).map(entry => readEntry(entry, now)),
    ...(callSets && {
      callSets: callSets.filter(({ architecture }) => WORD.test(architecture)).map(set => readSet(set, now)),
    }),
  };
}

const isPossible = ({ syscall, architecture, action }: NodeViolation): boolean =>
  [syscall, architecture, action].every(word => WORD.test(word));

function readEntry({ executable, ...entry }: NodeViolation, now: Date): NodeViolation {
  return {
    ...entry,
    command: printable(entry.command),
    ...(executable === undefined ? {} : { executable: printable(executable) }),
    count: bounded(entry.count),
    firstTime: timeOf(entry.firstTime, now),
    lastTime: timeOf(entry.lastTime, now),
  };
}

const readSet = (set: NodeCallSet, now: Date): NodeCallSet => ({
  ...set,
  command: printable(set.command),
  firstTime: timeOf(set.firstTime, now),
  lastTime: timeOf(set.lastTime, now),
});

/** An integer that a double cannot hold comes as text, see core/json/exact.ts. */
const bounded = (count: number): number => Math.min(MOST, Number(count));

/** In the one form that can be compared as text, and not after now. */
function timeOf(text: string, now: Date): string {
  const time = Date.parse(text);
  const isPast = time >= 0 && time <= now.getTime();
  return isoTime(isPast ? time : now.getTime());
}
