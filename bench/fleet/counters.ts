import type { Transport } from '../../src/kube/transport.ts';

/** What the API server has counted since it started (its /metrics); `since` gives what came on top. */
export interface Counters {
  /** Requests that changed something, by `verb resource`. */
  readonly writes: ReadonlyMap<string, number>;
  readonly reads: number;
  readonly watchEvents: number;
  readonly watchBytes: number;
}

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE', 'APPLY']);
const OURS = /^(seccompprofiles|seccompnodes|configmaps|events|daemonsets|nodes)$/;

export async function counters(transport: Transport): Promise<Counters> {
  const lines: string[] = [];
  const signal = new AbortController().signal;
  await transport.stream('/metrics', { signal, onLine: line => void lines.push(line) });
  const writes = new Map<string, number>();
  let [reads, watchEvents, watchBytes] = [0, 0, 0];
  for (const line of lines) {
    const [name, labels, value] = sample(line);
    if (name === 'apiserver_request_total') {
      const { verb = '', resource = '', subresource = '' } = labels;
      if (!OURS.test(resource)) continue;
      if (WRITES.has(verb)) {
        const key = `${verb} ${resource}${subresource && `/${subresource}`}`;
        writes.set(key, (writes.get(key) ?? 0) + value);
      } else reads += value;
    } else if (name === 'apiserver_watch_events_total') watchEvents += value;
    else if (name === 'apiserver_watch_events_sizes_sum') watchBytes += value;
  }
  return { writes, reads, watchEvents, watchBytes };
}

export function since(before: Counters, after: Counters): Counters {
  const writes = new Map([...after.writes].map(([key, count]) => [key, count - (before.writes.get(key) ?? 0)]));
  return {
    writes: new Map([...writes].filter(([, count]) => count > 0)),
    reads: after.reads - before.reads,
    watchEvents: after.watchEvents - before.watchEvents,
    watchBytes: after.watchBytes - before.watchBytes,
  };
}

export const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

/** One line of the Prometheus text format: name, labels, value. */
function sample(line: string): [string, Record<string, string>, number] {
  const [, name = '', labels = '', value = '0'] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text]);
  return [name, Object.fromEntries(pairs), Number(value)];
}
