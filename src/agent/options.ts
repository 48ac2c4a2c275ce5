import { AGENT_NAMESPACE } from '../core/names.ts';
import { isLevel } from '../runtime/log.ts';
import { checkPort, type ProgramSpec } from '../runtime/options.ts';

export type AgentOption =
  | 'task'
  | 'node-name'
  | 'kubelet-root'
  | 'replace-link'
  | 'agent-namespace'
  | 'metrics-port'
  | 'log-level';

const isTask = (value: string) => ['serve', 'remove', 'stay-removed'].includes(value);

export const AGENT_PROGRAM: ProgramSpec<AgentOption> = {
  name: 'agent',
  summary: "Keeps one node's seccomp directory as the operator rendered it, and reports on the node's SeccompNode.",
  options: {
    task: {
      env: 'TASK',
      default: 'serve',
      placeholder: 'serve|remove|stay-removed',
      description:
        'serve; or remove everything of ours from the node and end; or do so now and then until stopped. The last two need no API server.',
      check: value => (isTask(value) ? undefined : `"${value}": use serve, remove or stay-removed`),
    },
    'node-name': { env: 'NODE_NAME', placeholder: 'NAME', description: 'Name of the Node this runs on.' },
    'kubelet-root': {
      env: 'KUBELET_ROOT',
      default: '/var/lib/kubelet',
      placeholder: 'PATH',
      description: "The kubelet's --root-dir; files go to seccomp/operator in it.",
      check: value => (value.startsWith('/') ? undefined : `"${value}": use an absolute path`),
    },
    'replace-link': {
      env: 'REPLACE_LINK',
      default: '',
      placeholder: 'TARGET',
      description:
        'What a link in the place of seccomp/operator may say to be replaced, once every profile is installed; empty: none is.',
    },
    'agent-namespace': {
      env: 'AGENT_NAMESPACE',
      default: AGENT_NAMESPACE,
      placeholder: 'NAME',
      description: 'Namespace of the rendered profiles.',
    },
    'metrics-port': {
      env: 'METRICS_PORT',
      default: '9181',
      placeholder: 'PORT',
      description: 'Serves /metrics, /healthz and /readyz; 0 for none.',
      check: checkPort,
    },
    'log-level': {
      env: 'LOG_LEVEL',
      default: 'info',
      placeholder: 'LEVEL',
      description: 'debug, info, warn or error.',
      check: value => (isLevel(value) ? undefined : `"${value}": use debug, info, warn or error`),
    },
  },
  notes: 'Credentials: KUBECONFIG if set, else the service account of its Pod.',
};
