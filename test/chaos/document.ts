// Fills docs/reliability.md with the figures of runs: `node test/chaos/document.ts chaos.json,... soak.json`.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markdownTable } from '../../bench/report/table.ts';
import { invariantTable, kindTable, merged } from './report.ts';
import type { ChaosReport } from './run.ts';
import { type SoakReport, soakTable } from './soak/report.ts';

const DOCUMENT = join(import.meta.dirname, '../../docs/reliability.md');

const [chaos = '', soak = ''] = process.argv.slice(2);
const runs = await Promise.all(chaos.split(',').map(path => json<ChaosReport>(path)));
const report = merged(runs);
const tables = {
  faults: kindTable(report),
  invariants: invariantTable(report),
  soak: soakTable(await json<SoakReport>(soak)),
};

let text = await readFile(DOCUMENT, 'utf8');
for (const [name, result] of Object.entries(tables)) {
  const place = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
  const block = [`**${result.title}.**`, markdownTable(result), ...result.notes].join('\n\n');
  text = text.replace(place, (_, begin: string, end: string) => `${begin}\n${block}\n\n${end}`);
}
await writeFile(DOCUMENT, text);

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T;
}
