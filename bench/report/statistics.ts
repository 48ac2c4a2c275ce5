import type { Cell } from './result.ts';

/** The value below which the given share of the samples lies (nearest rank); NaN when there is none. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(samples: readonly number[]): Spread {
  return { median: median(samples), least: percentile(samples, 0), most: percentile(samples, 1) };
}

/** One figure to compare with others; nothing for a word. */
export function figureOf(cell: Cell): number | undefined {
  if (typeof cell === 'string') return undefined;
  return typeof cell === 'number' ? cell : median(cell);
}

/** Of each pair of samples; so many as there are of both. */
export function ratios(samples: readonly number[], bases: readonly number[]): number[] {
  return samples.slice(0, bases.length).map((sample, at) => sample / (bases[at] as number));
}
