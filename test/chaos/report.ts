import type { Result, Row } from '../../bench/report/result.ts';
import { median } from '../../bench/report/statistics.ts';
import { table } from '../../bench/report/table.ts';
import { INVARIANTS } from './auditor/findings.ts';
import type { ChaosReport, KindReport } from './run.ts';

/** What is printed at the end. */
export function reportText(report: ChaosReport): string {
  const findings = report.findings.map(({ invariant, what, during }) => `${invariant}: ${what} [${during.join('; ')}]`);
  return [table(kindTable(report)), table(invariantTable(report)), ...findings].join('\n\n');
}

export function kindTable(report: ChaosReport): Result {
  const { kinds, together, rounds, seconds } = report;
  const all = kinds.reduce((sum, { injected }) => sum + injected, 0);
  const rows = kinds
    .filter(({ injected }) => injected > 0)
    .map(({ kind, injected, convergence, withinMs }): Row => [kind, injected, ...times(convergence), withinMs / 1000]);
  return {
    title: `${all} faults of ${rows.length} kinds in ${rounds} rounds, ${Math.round(seconds / 60)} minutes`,
    columns: ['fault', 'injected', 'alone', 'median s', 'most s', 'bound s'],
    rows: [...rows, ['several kinds at once', '', ...times(together), '']],
    notes: [
      'Times are from the end of a fault until everything was right, of the rounds in which it was alone.',
      `Meanwhile: ${report.changes} changes of profiles, ${report.looks} looks at files, Ready=True compared with the disks ${report.readies} times. Seed ${report.seed}.`,
    ],
  };
}

export function invariantTable({ findings }: ChaosReport): Result {
  const rows = Object.entries(INVARIANTS).map(
    ([name, text]): Row => [text, findings.filter(({ invariant }) => invariant === name).length],
  );
  return { title: 'What must hold', columns: ['invariant', 'violations'], rows, notes: [] };
}

/** Several runs as one. */
export function merged(reports: readonly ChaosReport[]): ChaosReport {
  const sum = (of: (report: ChaosReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  const kinds = new Map<string, KindReport>();
  for (const each of reports.flatMap(report => report.kinds)) {
    const { injected = 0, convergence = [] } = kinds.get(each.kind) ?? {};
    const together = { injected: injected + each.injected, convergence: [...convergence, ...each.convergence] };
    kinds.set(each.kind, { ...each, ...together });
  }
  return {
    seed: reports.map(({ seed }) => seed).join(', '),
    seconds: sum(({ seconds }) => seconds),
    rounds: sum(({ rounds }) => rounds),
    changes: sum(({ changes }) => changes),
    looks: sum(({ looks }) => looks),
    readies: sum(({ readies }) => readies),
    kinds: [...kinds.values()],
    together: reports.flatMap(({ together }) => together),
    findings: reports.flatMap(({ findings }) => findings),
  };
}

function times(milliseconds: readonly number[]): [number, number | string, number | string] {
  if (milliseconds.length === 0) return [0, '', ''];
  const seconds = milliseconds.map(each => each / 1000);
  return [seconds.length, median(seconds).toFixed(1), Math.max(...seconds).toFixed(1)];
}
