import type { Log } from '../core/log.ts';
import { nameList } from '../core/status/name-list.ts';
import { removeEverything } from '../host/removal.ts';
import { loadCredentials } from '../kube/load-credentials.ts';
import { Transport } from '../kube/transport.ts';
import { serveStatus } from '../runtime/http.ts';
import { jsonLog, type Level } from '../runtime/log.ts';
import { Metrics } from '../runtime/metrics.ts';
import { type Running, runProgram } from '../runtime/program.ts';
import { QuietHeap } from '../runtime/quiet-heap.ts';
import { VERSION } from '../runtime/version.ts';
import { Agent } from './agent.ts';
import { AGENT_PROGRAM, type AgentOption } from './options.ts';

/** Node names architectures in its own way; Kubernetes as Go does. */
const GOARCH: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', loong64: 'loong64' };

const STAY_REMOVED_MS = 30_000;

void runProgram(AGENT_PROGRAM, start);

async function start(values: Record<AgentOption, string>): Promise<Running> {
  const log = jsonLog(values['log-level'] as Level);
  if (values.task === 'remove') return removal(values['kubelet-root'], log);
  if (values.task === 'stay-removed') return staysRemoved(values['kubelet-root'], log);
  const transport = new Transport({
    credentials: await loadCredentials(process.env),
    userAgent: `seccomp-agent/${VERSION}`,
    maxSockets: 2,
  });
  const heap = new QuietHeap();
  const agent = new Agent({
    transport,
    node: values['node-name'],
    kubeletRoot: values['kubelet-root'],
    replaceLink: values['replace-link'],
    namespace: values['agent-namespace'],
    architecture: GOARCH[process.arch] ?? process.arch,
    version: VERSION,
    worked: () => heap.touched(),
    log,
  });
  const server = await serveStatus(Number(values['metrics-port']), metrics(agent), () => agent.problem());
  agent.start();
  log.info('agent started', { node: values['node-name'], version: VERSION });
  return {
    stop: async () => {
      await agent.stop();
      transport.close();
      await server.close();
    },
  };
}

/** What `kubectl seccomp uninstall` runs on each node: it needs no API server. */
async function removal(kubeletRoot: string, log: Log): Promise<Running> {
  const { files, left } = await removeEverything(kubeletRoot);
  if (left.length) log.warn('not ours, and left', { files: nameList(left) });
  log.info('nothing of this operator is on the node any more', { removed: files });
  return { finished: Promise.resolve(), stop: async () => {} };
}

/** On a node that was away an agent may still end, and write, while the first removal runs. */
function staysRemoved(kubeletRoot: string, log: Log): Running {
  const again = () =>
    removeEverything(kubeletRoot).catch((error: Error) =>
      log.warn('not removed; trying again', { error: error.message }),
    );
  const timer = setInterval(again, STAY_REMOVED_MS);
  return { stop: async () => clearInterval(timer) };
}

function metrics(agent: Agent): Metrics {
  const all = new Metrics();
  all.gauge('seccomp_agent_profiles', 'Profiles on disk, verified.', () => agent.facts().installed.size);
  all.gauge('seccomp_agent_failures', 'Profiles that could not be installed.', () => agent.facts().failures.size);
  all.gauge(
    'seccomp_agent_repairs',
    'Files that were altered by somebody else and repaired, since the start.',
    () => agent.facts().repairs.total,
  );
  all.gauge('seccomp_agent_synced', '1 when everything is installed.', () => {
    const { trouble, failures, appliedTo } = agent.facts();
    return !trouble && failures.size === 0 && appliedTo !== undefined ? 1 : 0;
  });
  return all;
}
