import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ALL_FAULTS, FAMILIES, type Family } from './faults/faults.ts';
import { reportText } from './report.ts';
import { runChaos } from './run.ts';

const USAGE = `npm run chaos -- [flags]

  --faults N       end after so many (200)
  --minutes N      or after so long (60)
  --seed N         which faults, in which order (of the clock)
  --only WORD,...  families (${Object.keys(FAMILIES).join(', ')})
                   or words of a kind's name, such as EIO
  --list           every kind, and no more
  --programs DIR   other builds of the product than dist
  -o FILE          the report as JSON, too
`;

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '200' },
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', default: '' },
    programs: { type: 'string' },
    list: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const kinds = chosen(values.only.split(',').filter(Boolean));
if (values.help || kinds.length === 0) process.stderr.write(USAGE);
else if (values.list) for (const { kind } of kinds) console.log(kind);
else await run();
if (kinds.length === 0) process.exitCode = 2;

async function run(): Promise<void> {
  const seed = Number(values.seed);
  console.error(`seed ${seed}: replay with --seed ${seed}`);
  const progress = (line: string) => console.error(line);
  const report = await runChaos({
    seed,
    faults: Number(values.faults),
    seconds: Number(values.minutes) * 60,
    kinds,
    progress,
    ...(values.programs ? { programs: values.programs } : {}),
  });
  console.log(reportText(report));
  if (values.output) await writeFile(values.output, JSON.stringify(report, undefined, 2));
  if (report.brokeOff) console.error(`broke off: ${report.brokeOff}`);
  if (report.findings.length || report.brokeOff) process.exitCode = 1;
}

function chosen(words: readonly string[]) {
  if (words.length === 0) return ALL_FAULTS;
  const isFamily = (word: string): word is Family => word in FAMILIES;
  const found = words.flatMap(word =>
    isFamily(word) ? FAMILIES[word] : ALL_FAULTS.filter(({ kind }) => kind.includes(word)),
  );
  return [...new Set(found)];
}
