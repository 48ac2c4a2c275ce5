import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../core/names.ts';
import { isLevel } from '../runtime/log.ts';
import { checkPort, type ProgramSpec } from '../runtime/options.ts';

export type OperatorOption =
  | 'namespace'
  | 'agent-namespace'
  | 'agent-image'
  | 'pod-name'
  | 'metrics-port'
  | 'leader-elect'
  | 'log-level';

export const OPERATOR_PROGRAM: ProgramSpec<OperatorOption> = {
  name: 'operator',
  summary: 'Renders SeccompProfiles, keeps the agents, and tells in each profile’s status on which nodes it is.',
  options: {
    namespace: {
      env: 'POD_NAMESPACE',
      default: OPERATOR_NAMESPACE,
      placeholder: 'NAME',
      description: "The operator's own namespace: its Lease and its ConfigMap seccomp-operator.",
    },
    'agent-namespace': {
      env: 'AGENT_NAMESPACE',
      default: AGENT_NAMESPACE,
      placeholder: 'NAME',
      description: 'Namespace of the agents and the rendered profiles.',
    },
    'agent-image': {
      env: 'AGENT_IMAGE',
      default: '',
      placeholder: 'IMAGE',
      description: "Image of the agents where the configuration names none; empty: that of the operator's own Pod.",
    },
    'pod-name': {
      env: 'POD_NAME',
      default: '',
      placeholder: 'NAME',
      description: "Name of the operator's own Pod, to find its image; empty when it runs outside a cluster.",
    },
    'metrics-port': {
      env: 'METRICS_PORT',
      default: '9180',
      placeholder: 'PORT',
      description: 'Serves /metrics, /healthz and /readyz; 0 for none.',
      check: checkPort,
    },
    'leader-elect': {
      env: 'LEADER_ELECT',
      default: 'true',
      placeholder: 'true|false',
      description: 'Work only while holding the Lease, so that two replicas do not write at once.',
      check: value => (value === 'true' || value === 'false' ? undefined : `"${value}": use true or false`),
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
