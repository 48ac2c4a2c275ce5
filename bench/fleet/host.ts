// One process that holds many simulated nodes, started by fleet.ts. What costs an agent its own process is not measured
// here; what it asks of the API server and when its files are on the disk is.
import { Agent } from '../../src/agent/agent.ts';
import { silentLog } from '../../src/core/log.ts';
import type { Credentials } from '../../src/kube/credentials.ts';
import { Transport } from '../../src/kube/transport.ts';
import { Arrivals } from './arrivals.ts';
import { watchOnly, workOnly } from './bare.ts';
import type { FromHost, HostOptions, SimulatedNode } from './message.ts';

process.once('message', (options: HostOptions) => void serve(options));

async function serve({ role, server, ca, agentNamespace, nodes }: HostOptions): Promise<void> {
  const arrivals = new Arrivals(all => tell({ is: 'progress', all }));
  const start = (node: SimulatedNode) => {
    const credentials: Credentials = {
      server: new URL(server),
      authorization: async () => `Bearer ${node.token}`,
      tls: () => ({ ca }),
    };
    const transport = new Transport({ credentials, userAgent: `seccomp-bench-${role}`, maxSockets: 2 });
    if (role === 'agent') return startAgent(transport, node, agentNamespace, arrivals);
    if (role === 'worker') return workOnly(transport, agentNamespace, arrivals, node);
    return watchOnly(transport, agentNamespace, arrivals);
  };
  await Promise.all(nodes.map(start));
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

function tell(message: FromHost): void {
  process.send?.(message);
}
