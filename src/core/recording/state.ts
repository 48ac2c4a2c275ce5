import type { SeccompRecordingSpec, SeccompRecordingStatus } from '../api/seccomp-recording.ts';
import { isoTime } from '../iso-time.ts';
import { parseDuration } from '../rollout/plan.ts';

export type Times = Pick<SeccompRecordingStatus, 'startTime' | 'endTime'>;
export type State = Exclude<NonNullable<SeccompRecordingStatus['state']>, 'Stalled'>;

/** A node tells within a minute what is new (src/violations/reporter.ts); so long after the end its last report is awaited. */
const LAST_REPORTS_MS = 70_000;

/** When it began and when it ended, from what is seen now; both stay as they are. */
export function timesAt(
  { startTime, endTime }: Times,
  { duration, state }: SeccompRecordingSpec,
  recordedPods: number,
  now: Date,
): Times {
  const start = startTime ?? (recordedPods > 0 ? isoTime(now.getTime()) : undefined);
  const isOver = state === 'Stopped' || (start !== undefined && now.getTime() >= endAt(start, duration));
  const end = endTime ?? (isOver ? isoTime(now.getTime()) : undefined);
  return { ...(start ? { startTime: start } : {}), ...(end ? { endTime: end } : {}) };
}

/** `isWritten`: of each profile it is decided what became of it. */
export function stateOf({ startTime, endTime }: Times, isWritten: boolean): State {
  if (isWritten) return 'Complete';
  if (endTime) return 'Finishing';
  return startTime ? 'Recording' : 'Waiting';
}

/** Milliseconds until the last reports are in; without a Pod there are none to come. */
export function finishInMs({ startTime, endTime }: Times, now: Date): number {
  if (!endTime) return Number.POSITIVE_INFINITY;
  return startTime ? Math.max(0, Date.parse(endTime) + LAST_REPORTS_MS - now.getTime()) : 0;
}

/** Milliseconds until its duration is over. */
export function endsInMs({ startTime }: Times, { duration }: SeccompRecordingSpec, now: Date): number {
  return startTime === undefined ? Number.POSITIVE_INFINITY : Math.max(0, endAt(startTime, duration) - now.getTime());
}

const endAt = (startTime: string, duration: string | undefined): number =>
  duration === undefined ? Number.POSITIVE_INFINITY : Date.parse(startTime) + parseDuration(duration) * 1_000;
