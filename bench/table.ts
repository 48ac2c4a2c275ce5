/** What one measurement found. Times are in milliseconds and memory in MiB unless a column says otherwise. */
export interface Result {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [label: string, ...values: (number | string)[]])[];
  readonly notes: readonly string[];
}

const WIDTH = 100;

/** Plain text, at most 100 columns wide: labels to the left, figures to the right. */
export function table({ title, columns, rows, notes }: Result): string {
  const cells = [columns, ...rows].map(row => row.map(cell));
  const widths = columns.map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0)));
  // Two spaces between columns; the label gives way when the line would become too long.
  const figures = widths.slice(1).reduce((sum, width) => sum + width + 2, 0);
  const labelWidth = Math.min(widths[0] ?? 0, WIDTH - figures);
  const line = ([label = '', ...values]: string[]) =>
    [shorten(label, labelWidth).padEnd(labelWidth), ...values.map((value, i) => value.padStart(widths[i + 1] ?? 0))]
      .join('  ')
      .trimEnd();
  return [title, '', ...cells.map(line), '', ...notes.flatMap(wrap)].join('\n').trimEnd();
}

/** The value below which the given share of the samples lies (nearest rank); NaN when there is none. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

function cell(value: number | string): string {
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 1);
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function wrap(note: string): string[] {
  const lines = [''];
  for (const word of note.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (longer.length <= WIDTH) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
