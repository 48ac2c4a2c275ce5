import { agentDaemonSet, type DaemonSet } from '../../core/daemonset/template.ts';
import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../../core/names.ts';
import { type NodeProgress, nodeProgress, type RemovalPod } from '../../core/uninstall/node-progress.ts';
import { REMOVAL_SELECTOR, removalDaemonSet } from '../../core/uninstall/removal-daemonset.ts';
import { listEach } from '../../kube/list.ts';
import { type KubeObject, objectKey } from '../../kube/objects.ts';
import type { Transport } from '../../kube/transport.ts';
import { find, remove } from './api.ts';
import { type Installation, listNodes, PATHS } from './installation.ts';
import { waitFor } from './wait.ts';

type Pod = KubeObject & RemovalPod;

/** All programs but those that uninstall: this one may run as a Job of the chart's. */
const OURS = 'app.kubernetes.io/name=seccomp-operator,app.kubernetes.io/component notin (removal,uninstall)';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
/** All that the operator may do. */
const OPERATOR_BINDINGS = [
  `${RBAC}/clusterrolebindings/seccomp-operator`,
  ...[OPERATOR_NAMESPACE, AGENT_NAMESPACE].map(each => `${RBAC}/namespaces/${each}/rolebindings/seccomp-operator`),
];

/** Removes what would write files again: first what would make it again. Gives the Pods that are still there then. */
export async function stopPrograms(
  transport: Transport,
  deadline: number,
  tell: (left: readonly string[]) => void,
): Promise<readonly string[]> {
  await remove(transport, PATHS.operator);
  // A replica that is still ending, or on a node that is not heard, would make the DaemonSets again.
  for (const binding of OPERATOR_BINDINGS) await remove(transport, binding);
  const operators = await waitFor(() => reachablePods(transport, PATHS.operatorPods), deadline, tell);
  if (operators.length) return operators;
  const name = (set: KubeObject) => [set.metadata.name];
  for (const each of await listEach(transport, PATHS.daemonSets, name, { labelSelector: OURS }))
    await remove(transport, `${PATHS.daemonSets}/${each}`);
  return waitFor(() => reachablePods(transport, PATHS.agentPods), deadline, tell);
}

/** Of our programs. What a node that is not heard has running nobody can wait for. */
async function reachablePods(transport: Transport, path: string): Promise<string[]> {
  const reachable = new Set((await listNodes(transport)).filter(node => node.ready).map(node => node.name));
  const keep = (pod: Pod) => (reachable.has(pod.spec?.nodeName ?? '') ? [objectKey(pod.metadata)] : []);
  return listEach(transport, path, keep, { labelSelector: OURS });
}

/** Starts the removal on every node, anew where it was begun before; gives the uid of its DaemonSet. */
export async function startRemoval(
  transport: Transport,
  template: DaemonSet,
  { config, image = '' }: Installation,
): Promise<string> {
  const labels = { 'app.kubernetes.io/name': 'seccomp-operator', 'pod-security.kubernetes.io/enforce': 'privileged' };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: AGENT_NAMESPACE, labels } };
  if (!(await find(transport, PATHS.agentNamespace)))
    await transport.request('POST', '/api/v1/namespaces', { body: namespace });
  await remove(transport, PATHS.removal);
  const body = removalDaemonSet(agentDaemonSet(template, config, AGENT_NAMESPACE, image));
  const made = await transport.request<KubeObject>('POST', PATHS.daemonSets, { body });
  return made.metadata.uid ?? '';
}

export const endRemoval = (transport: Transport): Promise<void> => remove(transport, PATHS.removal);

/** Somebody has deleted the namespace already: nothing can be made in it before it is gone. */
export function whileNamespaceEnds(
  transport: Transport,
  deadline: number,
  tell: (left: readonly string[]) => void,
): Promise<readonly string[]> {
  const look = async () => {
    const namespace = await find(transport, PATHS.agentNamespace);
    if (!namespace?.metadata.deletionTimestamp) return [];
    await forgetLostPods(transport, [PATHS.agentPods]);
    return [`namespace ${AGENT_NAMESPACE}, which is being deleted`];
  };
  return waitFor(look, deadline, tell);
}

export async function removalProgress(transport: Transport, owner: string): Promise<NodeProgress> {
  const [nodes, pods] = await Promise.all([
    listNodes(transport),
    listEach(transport, PATHS.agentPods, (pod: Pod) => [pod], { labelSelector: REMOVAL_SELECTOR }),
  ]);
  return nodeProgress(nodes, pods, owner);
}

/**
 * A Pod on a node that is not heard keeps its namespace until the API server is told to forget it. It may live on there
 * unseen: where the node is to be cleaned later, its agent's Pod has to stay, to be waited for.
 */
export async function forgetLostPods(transport: Transport, collections: readonly string[]): Promise<void> {
  const lost = new Set((await listNodes(transport)).filter(node => !node.ready).map(node => node.name));
  for (const path of collections) {
    const names = await listEach(transport, path, (pod: Pod) =>
      lost.has(pod.spec?.nodeName ?? '') ? [pod.metadata.name] : [],
    );
    for (const name of names) await remove(transport, `${path}/${name}`, { gracePeriodSeconds: 0 });
  }
}
