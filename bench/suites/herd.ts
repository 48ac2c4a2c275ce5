import { counters, since, total } from '../fleet/counters.ts';
import { eachOf } from '../fleet/each-of.ts';
import { now } from '../fleet/message.ts';
import { type FleetBench, untilKnown, untilSynced, withFleet } from '../fleet/with-fleet.ts';
import { barsOf, type Row } from '../report/result.ts';
import { cpuMs } from '../rig/proc.ts';
import { apply, profiles } from '../rig/profiles.ts';
import { suite } from '../suite.ts';

/** All clients of a fleet start at once; the API server goes away and comes back to all of them. Bare watchers first. */
export const herd = suite(
  'all agents start at once; the API server restarts under all of them',
  { nodes: 1000, profiles: 20 },
  { nodes: 10, profiles: 3 },
  ({ nodes, profiles: count }, progress) =>
    withFleet({ progress }, async bench => {
      const { fleet, transport } = bench;
      await eachOf(await profiles(count), 16, profile => apply(transport, profile));
      await fleet.grow(nodes);
      await untilKnown(bench);
      progress(`${nodes} bare watchers`);
      const rows: Row[] = [
        ['bare watchers have all profiles', ...(await timed(bench, () => fleet.run('watcher')))],
        ['after a restart: new profile at all', await afterRestart(bench, 'at-watchers'), '', '', '', ''],
      ];
      await fleet.halt();
      progress(`${nodes} agents`);
      rows.push(
        ['agents have all profiles, and reported', ...(await timed(bench, () => start(bench)))],
        ['after a restart: new profile on all', await afterRestart(bench, 'at-agents'), '', '', '', ''],
      );
      return {
        title: `Herd: ${nodes} nodes at once, ${count} profiles`,
        columns: ['', 'ms', 'writes', 'reads', 'watch MB', 'API CPU ms'],
        rows,
        notes: [
          'After a restart: from when the API server is ready again, or all have the profile that is applied then.',
        ],
        chart: barsOf(
          rows,
          1,
          { label: 'milliseconds', scale: 'linear' },
          label => label.includes('bare') || label.endsWith('at all'),
        ),
      };
    }),
);

async function start(bench: FleetBench): Promise<void> {
  await bench.fleet.run('agent');
  await untilSynced(bench);
}

async function timed({ transport, system }: FleetBench, work: () => Promise<void>): Promise<number[]> {
  const before = await counters(transport);
  const cpuBefore = cpuMs(system.plane.apiserver.pid);
  const from = now();
  await work();
  const took = now() - from;
  const cpu = cpuMs(system.plane.apiserver.pid) - cpuBefore;
  const { writes, reads, watchBytes } = since(before, await counters(transport));
  return [took, total(writes), reads, watchBytes / 1e6, cpu];
}

async function afterRestart({ transport, system, fleet }: FleetBench, name: string): Promise<number> {
  const [probe] = await profiles(1, name);
  if (!probe) throw new Error('no profile to apply');
  await system.plane.restartApiserver();
  const from = now();
  await apply(transport, probe);
  const { last } = await fleet.arrived(probe.metadata.name, 1, 300_000);
  return last - from;
}
