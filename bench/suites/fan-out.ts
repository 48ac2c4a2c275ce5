import { setTimeout as sleep } from 'node:timers/promises';
import { now, type Role } from '../fleet/message.ts';
import type { FleetBench } from '../fleet/with-fleet.ts';
import { untilKnown, untilSynced, withFleet } from '../fleet/with-fleet.ts';
import type { LineChart, Row } from '../report/result.ts';
import { median, ratios } from '../report/statistics.ts';
import { readyAt } from '../rig/probe.ts';
import { apply, profiles } from '../rig/profiles.ts';
import { type Progress, suite } from '../suite.ts';

/** Milliseconds from the start of the apply call, by run. */
interface Times {
  readonly file: number[];
  readonly ready: number[];
  /** Time on a core of one client for one profile. */
  readonly cpu: number;
}

/**
 * One profile after another, to fleets of several sizes: bare watchers first, then clients that do the least that has to be
 * done, then agents.
 */
export const fanOut = suite(
  'a new profile to many nodes: to the last disk, to Ready',
  { nodes: [1, 10, 100, 1000], runs: 5, pause: 1_000 },
  { nodes: [1, 10], runs: 2, pause: 0 },
  ({ nodes, runs, pause }, progress) =>
    withFleet({ progress }, async bench => {
      const all = new Map<number, Record<Role, Times>>();
      for (const size of nodes) {
        await bench.fleet.grow(size);
        await untilKnown(bench);
        const times = async (role: Role) => oneRole(bench, role, { runs, pause }, progress);
        all.set(size, { watcher: await times('watcher'), worker: await times('worker'), agent: await times('agent') });
      }
      const rows = tableOf([...all.values()]);
      return {
        title: `Fan-out: one profile, ${runs} times at each size, ${pause} ms apart`,
        columns: ['ms from the start of the apply call', ...nodes.map(size => `${size} nodes`)],
        rows,
        notes: [
          'A bare watcher receives and does nothing. Bare work: a client that watches, writes the file, syncs, renames and reports, and checks nothing. Both take the place of the agents, in processes as many.',
          'Ready waits for reports, which a fleet of 100 nodes or more spreads over 1 ms for each node.',
        ],
        chart: chartOf(all),
      };
    }),
);

async function oneRole(
  bench: FleetBench,
  role: Role,
  { runs, pause }: { readonly runs: number; readonly pause: number },
  progress: Progress,
): Promise<Times> {
  const { fleet, transport } = bench;
  progress(`${fleet.size} nodes: ${role}`);
  await fleet.run(role);
  if (role === 'agent') await untilSynced(bench);
  const [file, ready]: [number[], number[]] = [[], []];
  let cpu = 0;
  // The first one warms up: connections, compiled code.
  for (const [at, profile] of (await profiles(runs + 1, `${role}-${fleet.size}`)).entries()) {
    if (at === 1) cpu = fleet.cpuMs();
    // What changes soon after other changes is reported with them; that is the storm suite's.
    await sleep(pause);
    const { name } = profile.metadata;
    const from = now();
    await apply(transport, profile);
    const [{ last }, readyIs] = await Promise.all([
      fleet.arrived(name),
      role === 'watcher' ? from : readyAt(transport, name),
    ]);
    if (at === 0) continue;
    file.push(last - from);
    ready.push(readyIs - from);
  }
  const each = (fleet.cpuMs() - cpu) / (runs * fleet.size);
  await fleet.halt();
  return { file, ready, cpu: each };
}

function tableOf(all: readonly Record<Role, Times>[]): Row[] {
  return [
    ['last bare watcher has it', ...all.map(({ watcher }) => watcher.file)],
    ['last file, bare work', ...all.map(({ worker }) => worker.file)],
    ['last file, agents', ...all.map(({ agent }) => agent.file)],
    ['Ready, bare work', ...all.map(({ worker }) => worker.ready)],
    ['Ready, agents', ...all.map(({ agent }) => agent.ready)],
    ['last file / bare watcher', ...all.map(({ agent, watcher }) => median(ratios(agent.file, watcher.file)))],
    ['last file / bare work', ...all.map(({ agent, worker }) => median(ratios(agent.file, worker.file)))],
    ['Ready / Ready of bare work', ...all.map(({ agent, worker }) => median(ratios(agent.ready, worker.ready)))],
    ['CPU ms of one bare worker', ...all.map(({ worker }) => worker.cpu)],
    ['CPU ms of one agent', ...all.map(({ agent }) => agent.cpu)],
  ];
}

function chartOf(all: ReadonlyMap<number, Record<Role, Times>>): LineChart {
  const series = (name: string, of: (times: Record<Role, Times>) => number[], isReference = false) => ({
    name,
    isReference,
    points: [...all].map(([size, times]) => ({ x: size, y: of(times) })),
  });
  return {
    kind: 'lines',
    x: { label: 'nodes', scale: 'log' },
    y: { label: 'milliseconds from apply', scale: 'log' },
    series: [
      series('Ready', ({ agent }) => agent.ready),
      series('last file', ({ agent }) => agent.file),
      series('Ready, bare work', ({ worker }) => worker.ready, true),
      series('last file, bare work', ({ worker }) => worker.file, true),
      series('bare watchers', ({ watcher }) => watcher.file, true),
    ],
  };
}
