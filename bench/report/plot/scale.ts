import type { Axis } from '../result.ts';

/** Places values on an axis of a picture. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** From 0, or where logarithmic from a power of ten, up to where the largest value fits; `from` and `to` in pixels. */
export function scaleOf(kind: Axis['scale'], values: readonly number[], from: number, to: number): Scale {
  return kind === 'log' ? logarithmic(values, from, to) : linear(values, from, to);
}

function linear(values: readonly number[], from: number, to: number): Scale {
  const most = Math.max(0, ...values) || 1;
  const step = roundStep(most / 5);
  const end = Math.ceil(most / step) * step;
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, at) => at * step);
  return { at: value => from + (value / end) * (to - from), ticks };
}

/** 1, 2 or 5 times a power of ten, at least as much. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find(each => each * power >= least) ?? 10) * power;
}

function logarithmic(values: readonly number[], from: number, to: number): Scale {
  const above = values.filter(value => value > 0);
  const first = Math.floor(Math.log10(Math.min(...above)) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...above)) - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at));
  // Nothing is less than the axis: zero has no logarithm.
  const share = (value: number) => Math.max(0, (Math.log10(value) - first) / (last - first));
  return { at: value => from + share(Math.max(value, 10 ** first)) * (to - from), ticks };
}

/** 12000 as 12,000, and no digits that are no digits (0.30000000000000004). */
export function tickText(value: number): string {
  return Number(value.toPrecision(6)).toLocaleString('en', { maximumSignificantDigits: 6 });
}
