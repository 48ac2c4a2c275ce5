import { KubeConfig } from '@kubernetes/client-node';
import type { SeccompNode } from '../core/api/seccomp-node.ts';
import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import { GROUP, NODE_PLURAL, PROFILE_PLURAL, VERSION } from '../core/names.ts';
import { findCondition } from '../core/status/conditions.ts';
import { credentialsFromKubeConfig } from '../kube/client-node/credentials.ts';
import { resourcePath } from '../kube/objects.ts';
import { Transport } from '../kube/transport.ts';

/** What the cluster says: objects, and a table of them. */
export interface Answer {
  readonly objects: readonly unknown[];
  readonly rows: readonly (readonly string[])[];
  readonly allWell: boolean;
}

export async function status(name: string | undefined): Promise<Answer> {
  const profiles = name
    ? [await get<SeccompProfile>(PROFILE_PLURAL, name)]
    : await list<SeccompProfile>(PROFILE_PLURAL);
  const ready = (profile: SeccompProfile) => findCondition(profile.status?.conditions, 'Ready');
  const rows = profiles.map(profile => {
    const { status: state = 'Unknown', message = 'the operator has not seen it yet' } = ready(profile) ?? {};
    return [profile.metadata.name, state, profile.status?.nodes?.summary ?? '-', message];
  });
  return {
    objects: profiles,
    rows: [['NAME', 'READY', 'NODES', 'STATUS'], ...rows],
    allWell: profiles.every(profile => ready(profile)?.status === 'True'),
  };
}

export async function nodes(): Promise<Answer> {
  const reports = await list<SeccompNode>(NODE_PLURAL);
  const synced = (report: SeccompNode) => findCondition(report.status?.conditions, 'Synced');
  const rows = reports.map(report => {
    const { status: state = 'Unknown', message = 'its agent has not reported yet' } = synced(report) ?? {};
    return [report.metadata.name, state, String(report.status?.bundle?.profiles ?? '-'), message];
  });
  return {
    objects: reports,
    rows: [['NODE', 'SYNCED', 'PROFILES', 'STATUS'], ...rows],
    allWell: reports.every(report => synced(report)?.status === 'True'),
  };
}

async function list<T>(plural: string): Promise<T[]> {
  const path = resourcePath({ group: GROUP, version: VERSION, plural });
  return withTransport(async transport => (await transport.request<{ items: T[] }>('GET', path)).items);
}

function get<T>(plural: string, name: string): Promise<T> {
  const path = resourcePath({ group: GROUP, version: VERSION, plural, name });
  return withTransport(transport => transport.request<T>('GET', path));
}

async function withTransport<T>(use: (transport: Transport) => Promise<T>): Promise<T> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const transport = new Transport({ credentials: credentialsFromKubeConfig(kubeConfig), userAgent: 'kubectl-seccomp' });
  try {
    return await use(transport);
  } finally {
    transport.close();
  }
}
