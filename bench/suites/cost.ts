import { until } from '../../test/rig/until.ts';
import { counters, since } from '../fleet/counters.ts';
import { eachOf } from '../fleet/each-of.ts';
import { type FleetBench, untilKnown, untilSynced, withFleet } from '../fleet/with-fleet.ts';
import type { LineChart, Row } from '../report/result.ts';
import { endOf, isAgents, isOperators, isWrite, requestsSince, untilQuiet } from '../rig/audit.ts';
import { etcdFigures } from '../rig/etcd.ts';
import { apply, areReady, edited, profiles } from '../rig/profiles.ts';
import { suite } from '../suite.ts';

/** Longer than the operator lets a status wait while many do. */
const QUIET_MS = 8_000;

/** What one change asked of the API server, by whom, and what that came to. */
interface Cost {
  readonly operator: number;
  readonly agents: number;
  readonly reads: number;
  readonly watchEvents: number;
  readonly watchKb: number;
  readonly etcdKb: number;
  readonly objects: number;
}

const CHANGES = ['create', 'edit', 'join'] as const;
type Change = (typeof CHANGES)[number];

/** One profile created, one edited, one node joined: with more and more nodes, then with more and more profiles. */
export const cost = suite(
  'requests, bytes, events and objects for one change, by nodes and by profiles',
  { nodes: [1, 10, 100, 1000], profiles: [10, 100, 500] },
  { nodes: [1, 3], profiles: [2, 4] },
  async ({ nodes, profiles: counts }, progress) => {
    const [fewest = 10, ...more] = counts;
    const small = 10;
    const byNodes = new Map<string, Cost>();
    await withFleet({ progress, audit: true }, async bench => {
      for (const size of nodes)
        for (const [change, each] of await costs(bench, size, fewest, progress))
          byNodes.set(`${change} ${size} ${fewest}`, each);
    });
    const byProfiles = new Map<string, Cost>();
    if (more.length)
      await withFleet({ progress, audit: true }, async bench => {
        for (const count of more)
          for (const [change, each] of await costs(bench, small, count, progress))
            byProfiles.set(`${change} ${small} ${count}`, each);
      });
    return {
      title: 'Cost of one change',
      columns: ['change, nodes, profiles', 'operator', 'agents', 'reads', 'events', 'watch kB', 'etcd kB', 'objects'],
      rows: CHANGES.flatMap(change => rowsOf(change, [...byNodes, ...byProfiles])),
      notes: [
        'Writes of the operator and of agents, as the audit log names them; the apply, or the joining Node and Pod, are not among them. Reads: of both, watches left out.',
        'etcd: growth of its write-ahead log, the apply included. Objects: those in etcd afterwards that were not there before, Events included.',
      ],
      chart: chartOf(nodes, fewest, byNodes),
    };
  },
);

async function costs(bench: FleetBench, size: number, count: number, progress: (line: string) => void) {
  const { fleet, transport } = bench;
  progress(`${size} nodes, ${count} profiles`);
  const [first] = await profiles(1, `new-${size}-${count}`);
  if (!first) throw new Error('no profile');
  await fleet.grow(Math.max(fleet.size, size - 1));
  await untilKnown(bench);
  await fleet.run('agent');
  await untilSynced(bench);
  await eachOf(await profiles(count - 1, 'cost'), 16, profile => apply(transport, profile));
  const all: [Change, Cost][] = [];
  all.push([
    'join',
    await oneChange(bench, async () => {
      await fleet.grow(fleet.size + 1);
      await untilKnown(bench);
      await fleet.run('agent');
      await untilSynced(bench);
    }),
  ]);
  all.push(['create', await oneChange(bench, () => apply(transport, first))]);
  all.push(['edit', await oneChange(bench, () => apply(transport, edited(first, 1)))]);
  return all;
}

/** From a quiet system to a quiet system. */
async function oneChange({ system, transport }: FleetBench, change: () => Promise<void>): Promise<Cost> {
  const log = system.plane.auditLog;
  await untilQuiet(log, QUIET_MS, 300_000);
  const [start, before, etcdBefore] = [await endOf(log), await counters(transport), await etcdFigures(system.plane)];
  await change();
  await until('all profiles are Ready', () => areReady(transport), { timeoutMs: 300_000, everyMs: 250 });
  await untilQuiet(log, QUIET_MS, 300_000);
  const requests = await requestsSince(log, start);
  const { watchEvents, watchBytes } = since(before, await counters(transport));
  const etcd = await etcdFigures(system.plane);
  return {
    operator: requests.filter(each => isOperators(each) && isWrite(each) && each.resource !== 'leases').length,
    agents: requests.filter(each => isAgents(each) && isWrite(each)).length,
    reads: requests.filter(each => (isOperators(each) || isAgents(each)) && !isWrite(each) && each.verb !== 'watch')
      .length,
    watchEvents,
    watchKb: watchBytes / 1000,
    etcdKb: (etcd.bytesWritten - etcdBefore.bytesWritten) / 1000,
    objects: etcd.objects - etcdBefore.objects,
  };
}

const PLACE: Record<Change, string> = { create: 'profile created', edit: 'profile edited', join: 'node joins' };

function rowsOf(change: Change, all: readonly (readonly [string, Cost])[]): Row[] {
  return all
    .filter(([key]) => key.startsWith(`${change} `))
    .map(([key, each]) => {
      const [, size, count] = key.split(' ');
      const { operator, agents, reads, watchEvents, watchKb, etcdKb, objects } = each;
      return [`${PLACE[change]}, ${size}, ${count}`, operator, agents, reads, watchEvents, watchKb, etcdKb, objects];
    });
}

function chartOf(nodes: readonly number[], profiles: number, all: ReadonlyMap<string, Cost>): LineChart {
  const writes = (change: Change, size: number) => {
    const { operator = 0, agents = 0 } = all.get(`${change} ${size} ${profiles}`) ?? {};
    return operator + agents;
  };
  return {
    kind: 'lines',
    x: { label: 'nodes', scale: 'log' },
    y: { label: 'API writes', scale: 'log' },
    series: [
      ...CHANGES.map(change => ({ name: PLACE[change], points: nodes.map(x => ({ x, y: writes(change, x) })) })),
      { name: 'goal: nodes + 5', isReference: true, points: nodes.map(x => ({ x, y: x + 5 })) },
    ],
  };
}
