import { parse } from 'yaml';
import type { SeccompProfile } from '../../core/api/seccomp-profile.ts';
import { type AgentConfig, agentConfig, DEFAULT_AGENT_CONFIG } from '../../core/daemonset/config.ts';
import type { DaemonSet } from '../../core/daemonset/template.ts';
import { type NodeObject, nodeInfo } from '../../core/fleet/node-info.ts';
import { AGENT_NAMESPACE, GROUP, NODE_PLURAL, OPERATOR_NAMESPACE, PROFILE_PLURAL, VERSION } from '../../core/names.ts';
import { localhostProfile } from '../../core/profile/file-name.ts';
import { REMOVAL_NAME } from '../../core/uninstall/removal-daemonset.ts';
import { type PodSecurity, profileReferences } from '../../core/uses/pod-references.ts';
import { listEach } from '../../kube/list.ts';
import { type KubeObject, objectKey, resourcePath } from '../../kube/objects.ts';
import type { Transport } from '../../kube/transport.ts';
import { find } from './api.ts';

export const PATHS = {
  profileCrd: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${PROFILE_PLURAL}.${GROUP}`,
  profiles: resourcePath({ group: GROUP, version: VERSION, plural: PROFILE_PLURAL }),
  reports: resourcePath({ group: GROUP, version: VERSION, plural: NODE_PLURAL }),
  nodes: resourcePath({ group: '', version: 'v1', plural: 'nodes' }),
  pods: resourcePath({ group: '', version: 'v1', plural: 'pods' }),
  agentNamespace: resourcePath({ group: '', version: 'v1', plural: 'namespaces', name: AGENT_NAMESPACE }),
  agentPods: resourcePath({ group: '', version: 'v1', plural: 'pods', namespace: AGENT_NAMESPACE }),
  operatorPods: resourcePath({ group: '', version: 'v1', plural: 'pods', namespace: OPERATOR_NAMESPACE }),
  configMaps: resourcePath({ group: '', version: 'v1', plural: 'configmaps', namespace: AGENT_NAMESPACE }),
  daemonSets: resourcePath({ group: 'apps', version: 'v1', plural: 'daemonsets', namespace: AGENT_NAMESPACE }),
  agents: resourcePath({
    group: 'apps',
    version: 'v1',
    plural: 'daemonsets',
    namespace: AGENT_NAMESPACE,
    name: 'seccomp-agent',
  }),
  removal: resourcePath({
    group: 'apps',
    version: 'v1',
    plural: 'daemonsets',
    namespace: AGENT_NAMESPACE,
    name: REMOVAL_NAME,
  }),
  operator: resourcePath({
    group: 'apps',
    version: 'v1',
    plural: 'deployments',
    namespace: OPERATOR_NAMESPACE,
    name: 'seccomp-operator',
  }),
  config: resourcePath({
    group: '',
    version: 'v1',
    plural: 'configmaps',
    namespace: OPERATOR_NAMESPACE,
    name: 'seccomp-operator',
  }),
} as const;

type Deployment = KubeObject & { spec: { template: { spec: { containers: { name: string; image: string }[] } } } };
type ConfigMap = KubeObject & { data?: Record<string, string> };

/** What is known of how the agents ran, in the order of who knows it best: their DaemonSet, the operator, a person. */
export interface Installation {
  /** Undefined where neither DaemonSet nor Deployment is there any more. */
  readonly image: string | undefined;
  readonly config: AgentConfig;
}

export async function readInstallation(transport: Transport): Promise<Installation> {
  const [agents, removal, operator, configMap] = await Promise.all([
    find<DaemonSet & KubeObject>(transport, PATHS.agents),
    find<DaemonSet & KubeObject>(transport, PATHS.removal),
    find<Deployment>(transport, PATHS.operator),
    find<ConfigMap>(transport, PATHS.config),
  ]);
  const config = readConfig(configMap);
  const container = operator?.spec.template.spec.containers.find(({ name }) => name === 'operator');
  // One that was begun has the agents' image, and their directory.
  const pod = (agents ?? removal)?.spec.template.spec;
  const kubeletRoot = pod?.volumes[0].hostPath.path.replace(/\/seccomp$/, '') ?? config.kubeletRoot;
  const image = (pod?.containers[0]['image'] as string | undefined) ?? (config.image || container?.image);
  return { image, config: { ...config, kubeletRoot } };
}

function readConfig(configMap: ConfigMap | undefined): AgentConfig {
  try {
    return agentConfig(parse(configMap?.data?.['agent.yaml'] ?? ''));
  } catch {
    // What the operator refused it did not follow either.
    return DEFAULT_AGENT_CONFIG;
  }
}

export const listProfiles = (transport: Transport): Promise<SeccompProfile[]> =>
  listEach<SeccompProfile, SeccompProfile>(transport, PATHS.profiles, profile => [profile]);

export const listNodes = (transport: Transport) =>
  listEach(transport, PATHS.nodes, (node: NodeObject) => [nodeInfo(node)]);

/** `namespace/name (file)` of unfinished Pods that name a file of a profile; of any, where the API of profiles is gone. */
export async function listUsers(transport: Transport): Promise<string[]> {
  const isKnown = (await find(transport, PATHS.profileCrd)) !== undefined;
  const files = new Set((await listProfiles(transport)).map(({ metadata }) => localhostProfile(metadata.name)));
  const keep = (pod: KubeObject & PodSecurity) => {
    const file = profileReferences(pod).find(each => !isKnown || files.has(each));
    return file ? [`${objectKey(pod.metadata)} (${file})`] : [];
  };
  return listEach(transport, PATHS.pods, keep, { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' });
}
