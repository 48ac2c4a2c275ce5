import { hostname } from 'node:os';
import { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import agentTemplate from '../../manifests/agent-daemonset.yaml';
import violationsTemplate from '../../manifests/violations-daemonset.yaml';
import type { DaemonSet } from '../core/daemonset/template.ts';
import { credentialsFromKubeConfig } from '../kube/client-node/credentials.ts';
import { LeaderElection } from '../kube/lease.ts';
import { resourcePath } from '../kube/objects.ts';
import { Transport } from '../kube/transport.ts';
import { serveStatus } from '../runtime/http.ts';
import { jsonLog, type Level } from '../runtime/log.ts';
import { type Running, runProgram } from '../runtime/program.ts';
import { VERSION } from '../runtime/version.ts';
import { operatorMetrics } from './metrics.ts';
import { CONFIG_NAME, SeccompOperator } from './operator.ts';
import { OPERATOR_PROGRAM, type OperatorOption } from './options.ts';

const USER_AGENT = `seccomp-operator/${VERSION}`;

void runProgram(OPERATOR_PROGRAM, start);

async function start(values: Record<OperatorOption, string>): Promise<Running> {
  const log = jsonLog(values['log-level'] as Level);
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const transport = new Transport({ credentials: credentialsFromKubeConfig(kubeConfig), userAgent: USER_AGENT });
  const identity = `${values['pod-name'] || hostname()}_${process.pid}`;
  const agentImage = values['agent-image'] || (await ownImage(transport, values));
  const elects = values['leader-elect'] === 'true';
  const stop = new AbortController();
  let term: SeccompOperator | undefined;

  const lead = async (signal: AbortSignal) => {
    const operator = new SeccompOperator({
      namespace: values.namespace,
      agentNamespace: values['agent-namespace'],
      templates: { agent: parse(agentTemplate) as DaemonSet, violations: parse(violationsTemplate) as DaemonSet },
      agentImage,
      parseYaml: parse,
      identity,
      userAgent: USER_AGENT,
      mayWrite: () => !elects || election.mayWrite,
      log,
    });
    term = operator;
    await operator.start();
    await aborted(signal);
    term = undefined;
    await operator.stop();
  };
  const election = new LeaderElection({ transport, namespace: values.namespace, name: CONFIG_NAME, identity, log });
  const work = elects ? election.run({ signal: stop.signal, lead }) : lead(stop.signal);

  const metrics = operatorMetrics(
    () => election.isLeader,
    () => term?.figures,
  );
  const server = await serveStatus(Number(values['metrics-port']), metrics, () => term?.problem());
  log.info('operator started', { identity, version: VERSION });
  return {
    finished: work.then(() => new Promise<never>(() => {})),
    stop: async () => {
      stop.abort();
      await work;
      transport.close();
      await server.close();
    },
  };
}

/** The image this runs from is that of the agents: both programs are in it. */
async function ownImage(transport: Transport, values: Record<OperatorOption, string>): Promise<string> {
  const name = values['pod-name'];
  if (!name)
    throw new Error('--agent-image (AGENT_IMAGE) is required outside a cluster: the image the agents run from');
  const path = resourcePath({ group: '', version: 'v1', plural: 'pods', namespace: values.namespace, name });
  const pod = await transport.request<{ spec: { containers: { name: string; image: string }[] } }>('GET', path);
  const container = pod.spec.containers.find(each => each.name === 'operator') ?? pod.spec.containers[0];
  return container?.image ?? '';
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
