import type { Result, Row } from '../../../bench/report/result.ts';
import type { Finding } from '../auditor/findings.ts';
import type { Slope } from './slope.ts';

export interface SoakReport {
  readonly minutes: number;
  readonly warmUpMinutes: number;
  readonly changes: number;
  /** Connections that were ended. */
  readonly disconnects: number;
  /** Times that everything had to be as applied. */
  readonly settled: number;
  readonly trends: readonly {
    readonly name: string;
    readonly slope: Slope;
    readonly from: number;
    readonly to: number;
  }[];
  readonly findings: readonly Finding[];
}

export function soakTable({
  minutes,
  warmUpMinutes,
  changes,
  disconnects,
  settled,
  trends,
  findings,
}: SoakReport): Result {
  const rows = trends.map(
    ({ name, slope, from, to }): Row => [
      name,
      from.toFixed(1),
      to.toFixed(1),
      `${slope.perUnit.toFixed(2)} ± ${slope.margin.toFixed(2)}`,
    ],
  );
  return {
    title: `${minutes} minutes, ${changes} changes of profiles, ${disconnects} connections ended`,
    columns: ['anonymous memory, lowest of a minute', 'from MiB', 'to MiB', 'MiB/h (95 %)'],
    rows,
    notes: [
      `After the first ${warmUpMinutes} minutes. ${settled} times everything had to be as applied: ${findings.length} violations.`,
      ...findings.map(({ invariant, what }) => `${invariant}: ${what}`),
    ],
  };
}
