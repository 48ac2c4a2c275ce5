import { stringify } from 'yaml';
import { UsageError } from './usage.ts';

export type Format = 'table' | 'json' | 'yaml';

export function checkFormat(value: string | undefined): Format {
  if (value === undefined) return 'table';
  if (value === 'json' || value === 'yaml') return value;
  throw new UsageError(`-o ${value}: use json or yaml`);
}

export function printObjects(objects: readonly unknown[], format: 'json' | 'yaml'): string {
  return format === 'json' ? `${JSON.stringify(objects, undefined, 2)}\n` : stringify(objects);
}

/** Columns as wide as their longest cell; no line is longer than 100 characters, the last column gives way. */
export function printTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map(row => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(row => `${shorten(line(row))}\n`).join('');
}

const shorten = (line: string) => (line.length <= 100 ? line : `${line.slice(0, 99)}…`);
