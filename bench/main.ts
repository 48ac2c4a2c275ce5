import { readFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { parseArgs } from 'node:util';
import { fanOut } from './fan-out.ts';
import { herd } from './herd.ts';
import { idle } from './idle.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { render } from './render.ts';
import { simulate } from './simulate.ts';
import { start } from './start.ts';
import { storm } from './storm.ts';
import { type Result, table } from './table.ts';
import { violations } from './violations.ts';

const USAGE = `npm run bench -- [latency] [memory] [start] [idle] [fan-out] [storm] [herd] [render] [simulate]
                [violations] [flags]   all if none

  --profiles N   profiles to apply (latency: 50; storm, render, simulate: 1000; others: 100)
  --runs N       latency: how often, each time on a new system (1)
  --pause MS     latency: between one profile's Ready and the next apply (0)
  --seconds N    idle: how long to count (120); storm: of edits (60); violations: at each rate (10)
  --settle N     memory: seconds to wait before a look (10)
  --nodes N,...  simulated nodes (fan-out: 1,10,100,1000; storm: 3; herd: 1000)
  --edits N      storm: edits a second, after the profiles (100)
  --samples N    fan-out: profiles measured at each size (5)
  -o json        figures as JSON instead of tables
`;

const NAMES = [
  'latency',
  'memory',
  'start',
  'idle',
  'fan-out',
  'storm',
  'herd',
  'render',
  'simulate',
  'violations',
] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    profiles: { type: 'string' },
    runs: { type: 'string' },
    pause: { type: 'string' },
    seconds: { type: 'string' },
    settle: { type: 'string' },
    nodes: { type: 'string' },
    edits: { type: 'string' },
    samples: { type: 'string' },
    output: { type: 'string', short: 'o', default: 'table' },
    help: { type: 'boolean', short: 'h' },
  },
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const unknown = positionals.filter(name => !NAMES.some(each => each === name));
if (values.help) process.stdout.write(USAGE);
else if (unknown.length || !['table', 'json'].includes(values.output)) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else await run();

async function run(): Promise<void> {
  const benches: Record<(typeof NAMES)[number], () => Promise<Result>> = {
    latency: () =>
      latency({ profiles: count('profiles', 50), runs: count('runs', 1), pause: count('pause', 0), progress }),
    memory: () => memory({ profiles: count('profiles', 100), settle: count('settle', 10), progress }),
    start: () => start({ profiles: count('profiles', 100), progress }),
    storm: () =>
      storm({
        profiles: count('profiles', 1_000),
        nodes: sizes('3').at(-1) ?? 3,
        edits: count('edits', 100),
        seconds: count('seconds', 60),
        progress,
      }),
    herd: () => herd({ nodes: sizes('1000').at(-1) ?? 1_000, profiles: count('profiles', 100), progress }),
    violations: () => violations({ seconds: count('seconds', 10), progress }),
    render: () => render({ profiles: count('profiles', 1_000) }),
    simulate: () => simulate({ profiles: count('profiles', 1_000) }),
    'fan-out': () => fanOut({ nodes: sizes('1,10,100,1000'), samples: count('samples', 5), progress }),
    idle: () => idle({ profiles: count('profiles', 100), seconds: count('seconds', 120), progress }),
  };
  const results: Result[] = [];
  for (const name of NAMES.filter(each => positionals.length === 0 || positionals.includes(each))) {
    const result = await benches[name]();
    results.push(result);
    if (values.output === 'table') process.stdout.write(`${table(result)}\n\n`);
  }
  if (values.output === 'json') process.stdout.write(`${JSON.stringify({ machine: machine(), results }, null, 2)}\n`);
  else process.stdout.write(`${machine()}\n`);
}

function count(
  flag: 'profiles' | 'runs' | 'pause' | 'seconds' | 'settle' | 'samples' | 'edits',
  fallback: number,
): number {
  const given = Number(values[flag] ?? fallback);
  if (!Number.isInteger(given) || given < Math.min(1, fallback))
    throw new RangeError(`--${flag}: not a whole number that is possible`);
  return given;
}

function sizes(fallback: string): number[] {
  return (values.nodes ?? fallback).split(',').map(Number);
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

function machine(): string {
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0];
  return `${availableParallelism()} cores, Linux ${release()}, Node ${process.version}, load at the end ${load}`;
}
