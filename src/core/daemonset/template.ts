import { GROUP } from '../names.ts';
import { digestOf } from '../profile/digest.ts';
import type { AgentConfig } from './config.ts';

/** The parts of a DaemonSet that are completed here; the rest passes through as the template has it. */
export interface DaemonSet {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string>; [field: string]: unknown };
  spec: {
    template: { metadata: { annotations?: Record<string, string>; [field: string]: unknown }; spec: PodSpec };
    [field: string]: unknown;
  };
}

interface PodSpec {
  containers: [Container, ...Container[]];
  volumes: [{ name: string; hostPath: { path: string; type: string } }];
  [field: string]: unknown;
}

interface Container {
  env: { name: string; value?: string; [field: string]: unknown }[];
  volumeMounts: [{ name: string; mountPath: string }];
  [field: string]: unknown;
}

/**
 * Digest of the spec as it was written. A setting that was taken away is nothing that {@link holds} could miss in the live
 * object, so what is written has to change with every change of the configuration.
 */
const SPEC_DIGEST = `${GROUP}/spec-digest`;
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/**
 * The agents' DaemonSet: the embedded template, completed from the configuration. The one hostPath is mounted where the
 * node has it, so that a path in a message is the same inside and outside.
 */
export function agentDaemonSet(template: DaemonSet, config: AgentConfig, namespace: string, image: string): DaemonSet {
  const set = onNodes(template, config, namespace);
  const { volumes, containers } = set.spec.template.spec;
  const seccomp = `${config.kubeletRoot.replace(/\/+$/, '')}/seccomp`;
  volumes[0].hostPath.path = seccomp;
  const [agent] = containers;
  complete(agent, config, image, config.resources);
  agent.volumeMounts[0].mountPath = seccomp;
  agent.env.push({ name: 'KUBELET_ROOT', value: config.kubeletRoot }, { name: 'LOG_LEVEL', value: config.logLevel });
  if (config.replaceLink) agent.env.push({ name: 'REPLACE_LINK', value: config.replaceLink });
  return withDigest(set);
}

/** The DaemonSet that counts violations, on the nodes that have an agent. */
export function violationsDaemonSet(
  template: DaemonSet,
  config: AgentConfig,
  namespace: string,
  image: string,
): DaemonSet {
  const set = onNodes(template, config, namespace);
  const pod = set.spec.template.spec;
  const [program] = pod.containers;
  const { source, resources } = config.violations;
  complete(program, config, image, resources);
  program.env.push({ name: 'SOURCE', value: source }, { name: 'LOG_LEVEL', value: config.logLevel });
  if (source === 'KernelLog') readKernelLog(pod, program);
  return withDigest(set);
}

/** /dev/kmsg: the devices cgroup keeps everybody else from it. */
function readKernelLog(pod: PodSpec, program: Container): void {
  program['securityContext'] = { privileged: true, runAsUser: 0, runAsGroup: 0, readOnlyRootFilesystem: true };
  program.volumeMounts = [{ name: 'kmsg', mountPath: '/dev/kmsg' }];
  pod.volumes = [{ name: 'kmsg', hostPath: { path: '/dev/kmsg', type: 'CharDevice' } }];
}

function onNodes(template: DaemonSet, config: AgentConfig, namespace: string): DaemonSet {
  const set = structuredClone(template);
  set.metadata.namespace = namespace;
  const pod = set.spec.template.spec;
  pod['nodeSelector'] = config.nodeSelector;
  pod['tolerations'] = config.tolerations;
  if (config.priorityClassName) pod['priorityClassName'] = config.priorityClassName;
  if (config.imagePullSecrets.length) pod['imagePullSecrets'] = config.imagePullSecrets;
  return set;
}

function complete(container: Container, config: AgentConfig, image: string, resources: object): void {
  container['image'] = image;
  container['imagePullPolicy'] = config.imagePullPolicy;
  container['resources'] = resources;
}

function withDigest(set: DaemonSet): DaemonSet {
  set.metadata.annotations = { ...set.metadata.annotations, [SPEC_DIGEST]: digestOf(JSON.stringify(set.spec)) };
  return set;
}

/** What to write over a DaemonSet that was altered: ours, but a `kubectl rollout restart` in progress stays. */
export function repairedDaemonSet(desired: DaemonSet, live: DaemonSet): DaemonSet {
  const repaired = structuredClone(desired);
  const restartedAt = live.spec.template.metadata.annotations?.[RESTARTED_AT];
  if (restartedAt) {
    const { metadata } = repaired.spec.template;
    metadata.annotations = { ...metadata.annotations, [RESTARTED_AT]: restartedAt };
  }
  repaired.metadata = { ...repaired.metadata, resourceVersion: live.metadata['resourceVersion'] };
  return repaired;
}

/** True when everything in `desired` is in `live` too: the API server adds defaults, and those are no difference. */
export function holds(live: unknown, desired: unknown): boolean {
  if (Array.isArray(desired)) {
    return Array.isArray(live) && live.length === desired.length && desired.every((each, at) => holds(live[at], each));
  }
  if (typeof desired !== 'object' || desired === null) return live === desired;
  if (typeof live !== 'object' || live === null) return false;
  return Object.entries(desired).every(([key, value]) => holds((live as Record<string, unknown>)[key], value));
}
