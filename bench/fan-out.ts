import type { SeccompNode } from '../src/core/api/seccomp-node.ts';
import { GROUP, NODE_PLURAL, VERSION } from '../src/core/names.ts';
import { resourcePath } from '../src/kube/objects.ts';
import type { Transport } from '../src/kube/transport.ts';
import { System } from '../test/rig/system.ts';
import { until } from '../test/rig/until.ts';
import { counters, since, total } from './fleet/counters.ts';
import { SimulatedFleet } from './fleet/fleet.ts';
import { now } from './fleet/message.ts';
import { adminTransport, apply, isReady, PROFILES_PATH, profiles } from './profiles.ts';
import { median, type Result } from './table.ts';

export interface FanOutOptions {
  /** Sizes of the fleet, ascending. */
  readonly nodes: readonly number[];
  /** Profiles measured at each size, after one that warms up. */
  readonly samples: number;
  readonly progress: (line: string) => void;
}

interface Sample {
  readonly last: number;
  readonly ready: number;
  readonly writes: number;
  readonly reads: number;
  readonly watchBytes: number;
}

/**
 * One profile after another: apply, file on the last node, Ready; and what the API server had to do for it. The floor is
 * taken first at each size, by as many clients that watch the same objects and do nothing with them.
 */
export async function fanOut({ nodes, samples, progress }: FanOutOptions): Promise<Result> {
  const system = await System.install({ progress });
  const transport = await adminTransport(system.plane);
  const fleet = await SimulatedFleet.create(system, transport);
  const rows: [string, ...(number | string)[]][] = [];
  try {
    await system.startOperator();
    for (const size of nodes) {
      progress(`fan-out: ${size} nodes`);
      await fleet.grow(size);
      await fleet.run('watcher');
      await until('the operator knows the nodes', async () => (await reports(transport)).length === size, {
        timeoutMs: 300_000,
      });
      const floor = await measure(fleet, transport, samples, `floor-${size}`, false);
      await fleet.halt();
      await fleet.run('agent');
      await until('all nodes are synced', async () => (await reports(transport)).every(isSynced), {
        timeoutMs: 300_000,
        everyMs: 500,
      });
      rows.push(row(size, floor, await measure(fleet, transport, samples, `fan-${size}`, true)));
      await fleet.halt();
    }
    return {
      title: `Fan-out: one profile, ${samples} times at each size, medians`,
      columns: ['nodes', 'floor', 'last file', 'x', 'Ready', 'x', 'writes', 'reads', 'watch kB'],
      rows,
      notes: [
        'ms from the start of the apply call. Floor: the last of as many bare watchers has the ConfigMap. Both x are over it.',
        'Writes, reads and watch events: by all, the apply itself included.',
      ],
    };
  } finally {
    await fleet.close();
    transport.close();
    await system.stop();
  }
}

async function measure(
  fleet: SimulatedFleet,
  transport: Transport,
  samples: number,
  prefix: string,
  untilReady: boolean,
): Promise<Sample[]> {
  const taken: Sample[] = [];
  for (const [at, profile] of (await profiles(samples + 1, prefix)).entries()) {
    const { name } = profile.metadata;
    const before = await counters(transport);
    const from = now();
    await apply(transport, profile);
    const [{ last }, ready] = await Promise.all([fleet.arrived(name), untilReady ? readyAt(transport, name) : from]);
    const { writes, reads, watchBytes } = since(before, await counters(transport));
    if (at > 0) taken.push({ last: last - from, ready: ready - from, writes: total(writes), reads, watchBytes });
  }
  return taken;
}

/** When a watch shows that Ready is True. */
async function readyAt(transport: Transport, name: string): Promise<number> {
  const found = new AbortController();
  let at = 0;
  const reading = transport.stream(PROFILES_PATH, {
    query: { watch: true, fieldSelector: `metadata.name=${name}`, timeoutSeconds: 600 },
    signal: found.signal,
    idleTimeoutMs: 600_000,
    onLine: line => {
      if (!isReady((JSON.parse(line) as { object: Parameters<typeof isReady>[0] }).object)) return;
      at ||= now();
      found.abort();
    },
  });
  await reading.catch(error => {
    if (!found.signal.aborted) throw error;
  });
  return at;
}

export async function reports(transport: Transport): Promise<SeccompNode[]> {
  const path = resourcePath({ group: GROUP, version: VERSION, plural: NODE_PLURAL });
  return (await transport.request<{ items: SeccompNode[] }>('GET', path)).items;
}

export const isSynced = ({ status }: SeccompNode): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Synced' && is === 'True') ?? false;

function row(size: number, floor: readonly Sample[], samples: readonly Sample[]): [string, ...(number | string)[]] {
  const of = (from: readonly Sample[], value: (sample: Sample) => number) => median(from.map(value));
  const base = of(floor, each => each.last);
  const last = of(samples, each => each.last);
  const ready = of(samples, each => each.ready);
  const kilobytes = of(samples, each => each.watchBytes) / 1000;
  const counts = [of(samples, each => each.writes), of(samples, each => each.reads)];
  return [String(size), base, last, (last / base).toFixed(2), ready, (ready / base).toFixed(2), ...counts, kilobytes];
}
