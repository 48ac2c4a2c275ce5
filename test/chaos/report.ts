import type { Result } from '../../bench/report/result.ts';
import { median } from '../../bench/report/statistics.ts';
import { table } from '../../bench/report/table.ts';
import { INVARIANTS } from './auditor/findings.ts';
import type { ChaosReport } from './run.ts';

/** What is printed at the end. */
export function reportText(report: ChaosReport): string {
  return [kinds(report), invariants(report)].map(table).join('\n\n');
}

function kinds({ kinds, together, rounds, changes, seconds, seed, looks, readies }: ChaosReport): Result {
  const all = kinds.reduce((sum, { injected }) => sum + injected, 0);
  const rows = kinds
    .filter(({ injected }) => injected > 0)
    .map(
      ({ kind, injected, convergence, withinMs }) => [kind, injected, ...times(convergence), withinMs / 1000] as const,
    );
  return {
    title: `${all} faults in ${rounds} rounds, ${Math.round(seconds / 60)} minutes`,
    columns: ['fault', 'injected', 'alone', 'median s', 'max s', 'bound s'],
    rows: [...rows, ['several kinds at once', '', ...times(together), ''] as const],
    notes: [
      `Seed ${seed}. ${changes} changes of profiles meanwhile, ${looks} looks at files, Ready=True compared with the disks ${readies} times.`,
      'Times are from the end of the fault until everything was right, of rounds with one kind alone.',
    ],
  };
}

function times(milliseconds: readonly number[]): readonly [number, number | string, number | string] {
  if (milliseconds.length === 0) return [0, '', ''];
  const seconds = milliseconds.map(each => each / 1000);
  return [seconds.length, median(seconds).toFixed(1), Math.max(...seconds).toFixed(1)];
}

function invariants({ findings }: ChaosReport): Result {
  const rows = Object.entries(INVARIANTS).map(
    ([name, text]) => [text, findings.filter(({ invariant }) => invariant === name).length] as const,
  );
  const notes = findings.map(({ invariant, what, during }) => `${invariant}: ${what} [${during.join('; ')}]`);
  return { title: 'What must hold', columns: ['invariant', 'violations'], rows, notes };
}
