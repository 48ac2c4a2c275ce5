import type { Cell, Result } from './result.ts';
import { spreadOf } from './statistics.ts';

const WIDTH = 100;

/** Plain text, at most 100 columns wide where figures leave room: labels to the left, figures to the right. */
export function table({ title, columns, rows, notes }: Result): string {
  const cells = [columns, ...rows].map(row => row.map(cellText));
  const widths = columns.map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0)));
  // Two spaces between columns; the label gives way when the line would become too long.
  const figures = widths.slice(1).reduce((sum, width) => sum + width + 2, 0);
  const labelWidth = Math.min(widths[0] ?? 0, Math.max(12, WIDTH - figures));
  const line = ([label = '', ...values]: string[]) =>
    [shorten(label, labelWidth).padEnd(labelWidth), ...values.map((value, i) => value.padStart(widths[i + 1] ?? 0))]
      .join('  ')
      .trimEnd();
  return [title, '', ...cells.map(line), '', ...notes.flatMap(wrap)].join('\n').trimEnd();
}

/** A table of a document, the figures to the right. */
export function markdownTable({ columns, rows }: Result): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = columns.map((_, at) => (at === 0 ? '---' : '---:'));
  return [columns, rule, ...rows.map(row => row.map(cellText))].map(line).join('\n');
}

/** Of several runs the median, and between what they lay. */
export function cellText(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number') return numberText(cell);
  const { median, least, most } = spreadOf(cell);
  const [low, high] = [numberText(least), numberText(most)];
  return low === high ? numberText(median) : `${numberText(median)} (${low}-${high})`;
}

/** Three digits that count, or the whole number where it has more. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return '-';
  if (Number.isInteger(value)) return value.toLocaleString('en');
  const size = Math.abs(value);
  return size >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(size < 10 ? 2 : 1);
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
