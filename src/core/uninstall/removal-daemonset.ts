import type { DaemonSet } from '../daemonset/template.ts';

export const REMOVAL_NAME = 'seccomp-operator-removal';
export const REMOVAL_SELECTOR = 'app.kubernetes.io/name=seccomp-operator,app.kubernetes.io/component=removal';

const LABELS = Object.fromEntries(REMOVAL_SELECTOR.split(',').map(label => label.split('=') as [string, string]));
/** Not to be kept alive, asked for its health, or given a token: it talks to nobody. */
const FIELDS_OF_A_SERVER = ['ports', 'startupProbe', 'livenessProbe', 'readinessProbe'];

/**
 * The agents' DaemonSet made into one that removes everything from each node: an init container does it and ends, which
 * the Pod's status tells of; the container after it only keeps the DaemonSet from starting it again. It runs on every Linux
 * node, also where agents ran only once.
 */
export function removalDaemonSet(agents: DaemonSet): DaemonSet {
  const set = structuredClone(agents);
  const { name: _, annotations: __, ...metadata } = set.metadata;
  set.metadata = { ...metadata, name: REMOVAL_NAME, labels: LABELS };
  const { selector: ___, updateStrategy: ____, ...rest } = set.spec;
  const pod = set.spec.template.spec;
  const [agent] = pod.containers;
  const remove: typeof agent = { ...agent, name: 'remove', terminationMessagePolicy: 'FallbackToLogsOnError' };
  for (const field of FIELDS_OF_A_SERVER) delete remove[field];
  remove.env = [...agent.env, { name: 'TASK', value: 'remove' }];
  const { volumeMounts: _____, env: ______, ...done } = { ...remove, name: 'done' };
  const wait = { ...done, command: ['node', '-e', 'setInterval(() => {}, 1 << 30)'] } as unknown as typeof agent;
  set.spec = {
    ...rest,
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
        terminationGracePeriodSeconds: 1,
        initContainers: [remove],
        containers: [wait],
      },
    },
  };
  return set;
}

const NOT_VIRTUAL = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'type', operator: 'NotIn', values: ['virtual-kubelet'] }] }],
    },
  },
};
