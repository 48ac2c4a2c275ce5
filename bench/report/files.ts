import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Parameters } from '../suite.ts';
import type { Machine } from './machine.ts';
import { plot } from './plot/plot.ts';
import type { Result } from './result.ts';
import { markdownTable } from './table.ts';

/** What is kept of one run of a suite: every sample, and where it came from. */
export interface SuiteRecord {
  readonly suite: string;
  readonly date: string;
  readonly parameters: Parameters;
  readonly machine: Machine;
  readonly result: Result;
}

/** `<suite>.json` with all figures and `<suite>.svg` with the picture. */
export async function writeRecord(directory: string, record: SuiteRecord): Promise<void> {
  await mkdir(directory, { recursive: true });
  const { suite, result } = record;
  await writeFile(join(directory, `${suite}.json`), jsonText(record));
  if (result.chart) await writeFile(join(directory, `${suite}.svg`), plot(result.title, result.chart));
}

/** A list of numbers takes one line. */
export function jsonText(record: SuiteRecord): string {
  const text = JSON.stringify(record, undefined, 2);
  const short = text.replace(/\[\s+([-\d.,\s]+?)\s+\]/g, (_, list: string) => `[${list.replace(/\s+/g, ' ')}]`);
  return `${short}\n`;
}

const BLOCK = /(<!-- figures: (\S+) -->\n)[\s\S]*?(<!-- end -->)/g;

/**
 * A document with the figures of records filled in: each place between `<!-- figures: SUITE -->` and `<!-- end -->` gets the
 * table, the notes and the machine of `SUITE.json`.
 */
export async function fillDocument(text: string, directory: string): Promise<string> {
  const suites = [...text.matchAll(BLOCK)].map(([, , suite = '']) => suite);
  const blocks = new Map<string, string>();
  for (const suite of suites) {
    const record = JSON.parse(await readFile(join(directory, `${suite}.json`), 'utf8')) as SuiteRecord;
    blocks.set(suite, block(record));
  }
  return text.replace(BLOCK, (_, begin: string, suite: string, end: string) => `${begin}${blocks.get(suite)}${end}`);
}

function block({ suite, date, parameters, machine, result }: SuiteRecord): string {
  const flags = Object.entries(parameters).map(([name, value]) => `--${name} ${value}`);
  const command = ['npm run bench --', suite, ...flags].join(' ');
  const origin = `\`${command}\`, ${date.slice(0, 10)}; load ${machine.load.before} before, ${machine.load.after} after.`;
  return `\n${origin}\n\n${markdownTable(result)}\n\n${result.notes.join(' ')}\n\n`;
}
