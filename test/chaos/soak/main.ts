import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { table } from '../../../bench/report/table.ts';
import { Scenario } from '../scenario.ts';
import { Random } from '../system/random.ts';
import type { World } from '../system/world.ts';
import { MemoryLog } from './memory.ts';
import { type SoakReport, soakTable } from './report.ts';

const USAGE = `npm run soak -- [--minutes N] [--seed N] [--programs DIR] [-o FILE]

  Random edits, about one a second, and every half a minute connections that end: does memory grow, is anything lost?
`;

const CHANGES_A_SECOND = 1;
const DISCONNECT_EVERY_MS = 30_000;
const SETTLE_EVERY_MS = 120_000;
const SAMPLE_EVERY_MS = 10_000;
/** Caches fill, and the heap finds its size. */
const WARM_UP_SHARE = 0.2;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    programs: { type: 'string' },
    output: { type: 'string', short: 'o' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

if (values.help) process.stderr.write(USAGE);
else await soak(Number(values.minutes) * 60_000, Number(values.seed));

async function soak(forMs: number, seed: number): Promise<void> {
  const scenario = await Scenario.start({
    seed,
    changesASecond: CHANGES_A_SECOND,
    lookEveryMs: 100,
    progress: line => console.error(line),
    ...(values.programs ? { programs: values.programs } : {}),
  });
  const { world, workload, findings } = scenario;
  const random = new Random(seed);
  const memory = new MemoryLog();
  const counts = { disconnects: 0, settled: 0 };
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  let nextDisconnect = DISCONNECT_EVERY_MS;
  let nextSettle = SETTLE_EVERY_MS;
  try {
    while (elapsed() < forMs) {
      workload.resume();
      await sleep(SAMPLE_EVERY_MS);
      memory.take(world.clients, elapsed());
      if (elapsed() > nextDisconnect) {
        nextDisconnect += DISCONNECT_EVERY_MS;
        counts.disconnects += disconnect(world, random);
      }
      if (elapsed() > nextSettle) {
        nextSettle += SETTLE_EVERY_MS;
        const took = await scenario.settle(60_000);
        counts.settled++;
        console.error(`${Math.round(elapsed() / 60_000)} min: ${workload.changes} changes, settled after ${took} ms`);
      }
    }
    await scenario.settle(60_000);
  } finally {
    await scenario.stop();
  }
  const warmUpMs = forMs * WARM_UP_SHARE;
  const report: SoakReport = {
    minutes: forMs / 60_000,
    warmUpMinutes: warmUpMs / 60_000,
    changes: workload.changes,
    disconnects: counts.disconnects,
    settled: counts.settled + 1,
    trends: world.clients.map(({ name }) => ({ name, ...memory.trend(name, warmUpMs) })),
    findings: findings.all,
  };
  console.log(table(soakTable(report)));
  if (values.output) await writeFile(values.output, JSON.stringify(report, undefined, 2));
  if (findings.all.length) process.exitCode = 1;
}

function disconnect(world: World, random: Random): number {
  const cut = random.some(world.clients);
  for (const { link } of cut) link.proxy.cutWatches();
  return cut.length;
}
