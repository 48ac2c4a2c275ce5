import { counters, since, total } from './fleet/counters.ts';
import { eachOf } from './fleet/each-of.ts';
import { now } from './fleet/message.ts';
import { untilKnown, untilSynced, withFleet } from './fleet/with-fleet.ts';
import { apply, profiles } from './profiles.ts';
import type { Result } from './table.ts';

export interface HerdOptions {
  readonly nodes: number;
  readonly profiles: number;
  readonly progress: (line: string) => void;
}

/** All agents start at once; one node joins; the API server goes away and comes back to all of them. */
export function herd({ nodes, profiles: count, progress }: HerdOptions): Promise<Result> {
  return withFleet(progress, async bench => {
    const { fleet, transport, system } = bench;
    const rows: [string, ...(number | string)[]][] = [];
    const timed = async (what: string, work: () => Promise<void>) => {
      progress(`herd: ${what}`);
      const before = await counters(transport);
      const from = now();
      await work();
      const took = now() - from;
      const cost = since(before, await counters(transport));
      rows.push([what, took, total(cost.writes), cost.reads, cost.watchBytes / 1000]);
    };
    await eachOf(await profiles(count), 16, profile => apply(transport, profile));
    await fleet.grow(nodes);
    await untilKnown(bench);
    await timed(`${nodes} agents start at once, all synced`, async () => {
      await fleet.run('agent');
      await untilSynced(bench);
    });
    const [probe] = await profiles(1, 'after-restart');
    if (!probe) throw new Error('no profile to apply');
    progress('herd: the API server restarts');
    await system.plane.restartApiserver();
    const from = now();
    await apply(transport, probe);
    const { last } = await fleet.arrived(probe.metadata.name, 1, 300_000);
    rows.push(['after an API server restart, a new profile on all of them', last - from, '', '', '']);
    return {
      title: `Herd: ${nodes} agents, ${count} profiles`,
      columns: ['', 'ms', 'writes', 'reads', 'watch kB'],
      rows,
      notes: ['The agents share two processes, which start them one after another as fast as they can.'],
    };
  });
}
