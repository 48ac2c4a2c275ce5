import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fillDocument, type SuiteRecord, writeRecord } from './report/files.ts';
import { load, machine, machineText } from './report/machine.ts';
import { table } from './report/table.ts';
import type { Suite } from './suite.ts';
import { SUITES } from './suites.ts';

const DOCUMENT = join(import.meta.dirname, '..', 'docs/benchmarks.md');
const RECORDS = join(import.meta.dirname, '..', 'docs/benchmarks');

const PARAMETERS = new Set(Object.values(SUITES).flatMap(({ parameters }) => Object.keys(parameters)));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...Object.fromEntries([...PARAMETERS].map(name => [name, { type: 'string' } as const])),
    quick: { type: 'boolean', default: false },
    out: { type: 'string', default: join(import.meta.dirname, '..', 'dist/bench') },
    document: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: 'table' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const unknown = positionals.filter(name => !(name in SUITES));
if (values.help) process.stdout.write(usage());
else if (values.document) await document();
else if (unknown.length || !['table', 'json'].includes(`${values.output}`)) {
  process.stderr.write(usage());
  process.exitCode = 2;
} else await runAll(positionals.length ? positionals : Object.keys(SUITES));

async function runAll(names: readonly string[]): Promise<void> {
  const records: SuiteRecord[] = [];
  for (const name of names) {
    const record = await runOne(name, SUITES[name] as Suite);
    records.push(record);
    await writeRecord(`${values.out}`, record);
    if (values.output === 'table')
      process.stdout.write(`${table(record.result)}\n\n${machineText(record.machine)}\n\n`);
  }
  if (values.output === 'json') process.stdout.write(`${JSON.stringify(records, null, 2)}\n`);
  else process.stdout.write(`all figures and the plots: ${values.out}\n`);
}

async function runOne(name: string, { parameters, quick, run }: Suite): Promise<SuiteRecord> {
  const given = Object.entries<number | readonly number[]>({ ...parameters, ...(values.quick ? quick : {}) });
  const used = Object.fromEntries(given.map(([key, fallback]) => [key, parameter(key, fallback)]));
  const [before, date] = [load(), new Date().toISOString()];
  const result = await run(used, line => process.stderr.write(`${name}: ${line}\n`));
  return { suite: name, date, parameters: used, machine: machine(before), result };
}

function parameter(name: string, fallback: number | readonly number[]): number | readonly number[] {
  const given = (values as Record<string, unknown>)[name];
  if (typeof given !== 'string') return fallback;
  const numbers = given.split(',').map(Number);
  if (numbers.some(each => !Number.isInteger(each) || each < 0))
    throw new RangeError(`--${name} ${given}: a whole number, or several with commas between them`);
  return typeof fallback === 'number' ? (numbers.at(-1) as number) : numbers;
}

/** The tables of docs/benchmarks.md, from the records that are beside it. */
async function document(): Promise<void> {
  await writeFile(DOCUMENT, await fillDocument(await readFile(DOCUMENT, 'utf8'), RECORDS));
}

function usage(): string {
  const suites = Object.entries(SUITES).flatMap(([name, { about, parameters }]) => {
    const flags = Object.entries(parameters).map(([key, value]) => `--${key} ${value}`);
    return [`  ${name.padEnd(12)}${about}`, ...(flags.length ? [`${' '.repeat(14)}${flags.join(' ')}`] : [])];
  });
  return `npm run bench -- [SUITE]... [--quick] [FLAG VALUE]...   all suites if none is named

${suites.join('\n')}

  --quick       a short run of each, to see whether it works
  --out DIR     where SUITE.json and SUITE.svg go (dist/bench)
  -o json       the same JSON on standard output instead of tables
  --document    no run: puts the figures of docs/benchmarks/*.json into docs/benchmarks.md
`;
}
