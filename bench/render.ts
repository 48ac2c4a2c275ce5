import { lint } from '../src/core/lint/lint.ts';
import { DEFAULT_TARGET } from '../src/core/lint/target.ts';
import { renderProfile } from '../src/core/profile/render.ts';
import { profiles } from './profiles.ts';
import { median, type Result } from './table.ts';

const ROUNDS = 5;
const MIB = 1024 * 1024;

/** The pure part alone, one architecture: a rate for each step, and the heap after each round, which should stay. */
export async function render({ profiles: count }: { readonly profiles: number }): Promise<Result> {
  const all = (await profiles(count)).map(({ spec }) => spec);
  const rates = { render: [] as number[], lint: [] as number[] };
  const heap: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rates.render.push(rate(all, spec => renderProfile(spec, 'amd64')));
    rates.lint.push(rate(all, spec => lint(spec, DEFAULT_TARGET)));
    globalThis.gc?.();
    heap.push(process.memoryUsage().heapUsed / MIB);
  }
  const row = (label: string, values: readonly number[]): [string, ...number[]] => [
    label,
    median(values),
    Math.min(...values),
    Math.max(...values),
  ];
  return {
    title: `Render and lint: ${count} profiles of ordinary size, ${ROUNDS} rounds`,
    columns: ['', 'median', 'least', 'most'],
    rows: [
      row('rendered a second', rates.render),
      row('linted a second', rates.lint),
      ...heap.map((used, round): [string, ...(number | string)[]] => [`heap after round ${round + 1}`, used, '', '']),
    ],
    notes: [
      globalThis.gc ? '' : 'The heap holds garbage too: node --expose-gc bench/main.ts render collects it first.',
    ],
  };
}

function rate<T>(all: readonly T[], work: (each: T) => unknown): number {
  const from = performance.now();
  for (const each of all) work(each);
  return (all.length / (performance.now() - from)) * 1000;
}
