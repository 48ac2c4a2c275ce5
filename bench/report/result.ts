/** A word, a figure, or what several runs gave. */
export type Cell = string | number | readonly number[];

export type Row = readonly [label: string, ...values: Cell[]];

/** What one suite found. Times are in milliseconds and memory in MiB unless a column says otherwise. */
export interface Result {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  readonly chart?: Chart;
}

export type Chart = LineChart | BarChart;

export interface Axis {
  /** With the unit. */
  readonly label: string;
  readonly scale: 'linear' | 'log';
}

/** How something grows with something. */
export interface LineChart {
  readonly kind: 'lines';
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: Cell }[];
  /** Something to compare with, not something measured of ours. */
  readonly isReference?: boolean;
}

/** Figures of one unit side by side. */
export interface BarChart {
  readonly kind: 'bars';
  readonly x: Axis;
  readonly bars: readonly { readonly label: string; readonly value: Cell; readonly isReference?: boolean }[];
}

/** Bars of one column, for the rows that have a figure there. */
export function barsOf(
  rows: readonly Row[],
  column: number,
  x: Axis,
  isReference = (_label: string) => false,
): BarChart {
  const bars = rows
    .map(row => ({ label: row[0], value: row[column] ?? '', isReference: isReference(row[0]) }))
    .filter(({ value }) => typeof value !== 'string');
  return { kind: 'bars', x, bars };
}
