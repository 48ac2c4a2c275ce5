import { stringify } from 'yaml';
import { printable } from '../core/status/printable.ts';
import { type Given, type Option, UsageError } from './command.ts';

export type Format = 'table' | 'json' | 'yaml';

export const OUTPUT: Option = { type: 'string', short: 'o', value: 'json|yaml', help: 'print for a program to read' };

export function formatOf({ options: { output } }: Given): Format {
  if (output === undefined) return 'table';
  if (output === 'json' || output === 'yaml') return output;
  throw new UsageError(`-o ${String(output)}: use json or yaml`);
}

/** Who wrote which field is left out, as kubectl does. */
export function printObjects(objects: unknown, format: 'json' | 'yaml'): string {
  const json = JSON.stringify(objects, (key, value) => (key === 'managedFields' ? undefined : value), 2);
  return format === 'json' ? `${json}\n` : stringify(JSON.parse(json));
}

/** Columns as wide as their longest cell; no line is longer than 100 characters, the last column gives way. */
export function printTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map(row => row.map(printable));
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...cells.map(row => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return cells.map(row => `${shorten(line(row))}\n`).join('');
}

const shorten = (line: string) => (line.length <= 100 ? line : `${line.slice(0, 99)}…`);

/** Text in lines of at most 100 characters, each with the indent. */
export function wrapped(text: string, indent = ''): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 100) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${lines.length ? `${indent}  ` : indent}${word}`);
  }
  return lines.map(line => `${line}\n`).join('');
}
