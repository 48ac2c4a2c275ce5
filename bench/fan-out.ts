import type { Transport } from '../src/kube/transport.ts';
import { counters, since, total } from './fleet/counters.ts';
import type { SimulatedFleet } from './fleet/fleet.ts';
import { now } from './fleet/message.ts';
import { untilKnown, untilSynced, withFleet } from './fleet/with-fleet.ts';
import { apply, isReady, PROFILES_PATH, profiles } from './profiles.ts';
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
export function fanOut({ nodes, samples, progress }: FanOutOptions): Promise<Result> {
  return withFleet(progress, async bench => {
    const { fleet, transport } = bench;
    const rows: [string, ...(number | string)[]][] = [];
    for (const size of nodes) {
      progress(`fan-out: ${size} nodes`);
      await fleet.grow(size);
      await fleet.run('watcher');
      await untilKnown(bench);
      const floor = await measure(fleet, transport, samples, `floor-${size}`, false);
      await fleet.halt();
      await fleet.run('agent');
      await untilSynced(bench);
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
  });
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

function row(size: number, floor: readonly Sample[], samples: readonly Sample[]): [string, ...(number | string)[]] {
  const of = (from: readonly Sample[], value: (sample: Sample) => number) => median(from.map(value));
  const base = of(floor, each => each.last);
  const last = of(samples, each => each.last);
  const ready = of(samples, each => each.ready);
  const kilobytes = of(samples, each => each.watchBytes) / 1000;
  const counts = [of(samples, each => each.writes), of(samples, each => each.reads)];
  return [String(size), base, last, (last / base).toFixed(2), ready, (ready / base).toFixed(2), ...counts, kilobytes];
}
