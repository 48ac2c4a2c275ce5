// One process that holds many simulated nodes, started by fleet.ts. What costs an agent its own process is not measured
// here; what it asks of the API server and when its files are on the disk is.
import { Agent } from '../../src/agent/agent.ts';
import { silentLog } from '../../src/core/log.ts';
import { RENDERED_SELECTOR } from '../../src/core/names.ts';
import type { Credentials } from '../../src/kube/credentials.ts';
import { resourcePath } from '../../src/kube/objects.ts';
import { Transport } from '../../src/kube/transport.ts';
import { type FromHost, type HostOptions, now, type Progress, type SimulatedNode } from './message.ts';

const TELL_EVERY_MS = 20;
const CONFIG_MAP_NAME = /"name":"profile-([^"]+)"/;

process.once('message', (options: HostOptions) => void serve(options));

async function serve({ role, server, ca, agentNamespace, nodes }: HostOptions): Promise<void> {
  const arrivals = new Arrivals();
  const live: Promise<void>[] = [];
  for (const node of nodes) {
    const credentials: Credentials = {
      server: new URL(server),
      authorization: async () => `Bearer ${node.token}`,
      tls: () => ({ ca }),
    };
    const transport = new Transport({ credentials, userAgent: `seccomp-bench-${role}`, maxSockets: 2 });
    if (role === 'agent') startAgent(transport, node, agentNamespace, arrivals);
    else live.push(watchOnly(transport, agentNamespace, arrivals));
  }
  await Promise.all(live);
  tell({ is: 'running' });
}

function startAgent(transport: Transport, { name, kubeletRoot }: SimulatedNode, namespace: string, arrivals: Arrivals) {
  const log = {
    ...silentLog,
    info: (text: string, fields?: Record<string, unknown>) => {
      if (text === 'profile installed') arrivals.note(String(fields?.['file']).replace(/\.json$/, ''));
    },
  };
  const shared = { transport, node: name, kubeletRoot, namespace, log };
  new Agent({ ...shared, replaceLink: '', architecture: 'amd64', version: 'bench' }).start();
}

/** The floor: what the API server delivers to a client that has nothing to do. Resolves once the watch is there. */
async function watchOnly(transport: Transport, namespace: string, arrivals: Arrivals): Promise<void> {
  const path = resourcePath({ group: '', version: 'v1', plural: 'configmaps', namespace });
  const initial = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true };
  const query = { labelSelector: RENDERED_SELECTOR, watch: true, timeoutSeconds: 7200, ...initial };
  const { promise, resolve } = Promise.withResolvers<void>();
  const onLine = (line: string) => {
    if (!line.startsWith('{"type":"BOOKMARK"')) return arrivals.note(CONFIG_MAP_NAME.exec(line)?.[1] ?? '');
    resolve();
  };
  const signal = new AbortController().signal;
  const watch = (): unknown =>
    transport.stream(path, { query, signal, idleTimeoutMs: 7_200_000, onLine }).catch(() => setTimeout(watch, 1_000));
  watch();
  return promise;
}

/** Tells of arrivals together, so that telling costs little of the time that is measured. */
class Arrivals {
  readonly #byProfile = new Map<string, Progress>();
  readonly #news = new Set<string>();

  note(profile: string): void {
    const at = now();
    const known = this.#byProfile.get(profile);
    this.#byProfile.set(profile, {
      profile,
      arrived: (known?.arrived ?? 0) + 1,
      first: known?.first ?? at,
      last: at,
    });
    if (this.#news.size === 0) setTimeout(() => this.#tell(), TELL_EVERY_MS);
    this.#news.add(profile);
  }

  #tell(): void {
    tell({ is: 'progress', all: [...this.#news].map(profile => this.#byProfile.get(profile) as Progress) });
    this.#news.clear();
  }
}

function tell(message: FromHost): void {
  process.send?.(message);
}
