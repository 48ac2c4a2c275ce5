import type { DaemonSet } from '../daemonset/template.ts';

export const REMOVAL_NAME = 'seccomp-operator-removal';
export const REMOVAL_SELECTOR = 'app.kubernetes.io/name=seccomp-operator,app.kubernetes.io/component=removal';

const LABELS = Object.fromEntries(REMOVAL_SELECTOR.split(',').map(label => label.split('=') as [string, string]));
/** Not to be kept alive, asked for its health, or given a token: it talks to nobody. */
const SERVING = ['ports', 'startupProbe', 'livenessProbe', 'readinessProbe'];

/**
 * The agents' DaemonSet made into one that removes everything from each node: an init container does it and ends, which
 * the Pod's status tells of; the container after it sees that it stays so. It runs on every Linux node, also where agents
 * ran only once.
 */
export function removalDaemonSet({ apiVersion, kind, metadata, spec }: DaemonSet): DaemonSet {
  const pod = spec.template.spec;
  const [{ ...agent }] = pod.containers;
  for (const field of SERVING) delete agent[field];
  const container = (name: string, task: string) => ({
    ...agent,
    name,
    env: [...agent.env, { name: 'TASK', value: task }],
    terminationMessagePolicy: 'FallbackToLogsOnError',
  });
  return {
    apiVersion,
    kind,
    metadata: { name: REMOVAL_NAME, namespace: metadata.namespace ?? '', labels: LABELS },
    spec: {
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          ...pod,
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          affinity: NOT_VIRTUAL,
          tolerations: [{ operator: 'Exists' }],
          serviceAccountName: 'default',
          automountServiceAccountToken: false,
          initContainers: [container('remove', 'remove')],
          containers: [container('removed', 'stay-removed')],
        },
      },
    },
  };
}

const NOT_VIRTUAL = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'type', operator: 'NotIn', values: ['virtual-kubelet'] }] }],
    },
  },
};
