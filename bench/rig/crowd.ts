// Objects of a large cluster, without anything that runs behind them.
import type { SeccompNode } from '../../src/core/api/seccomp-node.ts';
import type { SeccompProfile } from '../../src/core/api/seccomp-profile.ts';
import { AGENT_NAMESPACE, GROUP, NODE_PLURAL, RENDERED_SELECTOR, VERSION } from '../../src/core/names.ts';
import { bundleDigest, digestOf } from '../../src/core/profile/digest.ts';
import { localhostProfile } from '../../src/core/profile/file-name.ts';
import { resourcePath } from '../../src/kube/objects.ts';
import type { Transport } from '../../src/kube/transport.ts';
import type { ConfigMap } from '../../src/operator/rendered-configmap.ts';
import { until } from '../../test/rig/until.ts';
import { eachOf } from '../fleet/each-of.ts';

const NODES = '/api/v1/nodes';
const NAMESPACE = 'crowd';

const nodeName = (at: number): string => `crowd-${at}`;

/** Nodes up to that many, each with a report that it holds everything, written as its agent would. */
export async function addNodes(transport: Transport, count: number): Promise<void> {
  const { items } = await transport.request<{ items: { metadata: { name: string } }[] }>('GET', NODES);
  const there = new Set(items.map(({ metadata }) => metadata.name));
  const names = Array.from({ length: count }, (_, at) => nodeName(at)).filter(name => !there.has(name));
  await eachOf(names, 16, name => transport.request('POST', NODES, { body: node(name) }));
  const path = resourcePath({ group: GROUP, version: VERSION, plural: NODE_PLURAL });
  const known = async () =>
    new Set(
      (await transport.request<{ items: SeccompNode[] }>('GET', path)).items.map(({ metadata }) => metadata.name),
    );
  await until('the operator knows them', async () => (await known()).isSupersetOf(new Set(names)), {
    timeoutMs: 300_000,
    everyMs: 500,
  });
  const status = await everythingHeld(transport);
  const write = (name: string) =>
    transport.request('PATCH', `${path}/${name}/status`, {
      contentType: 'application/merge-patch+json',
      body: { status },
    });
  await eachOf(names, 16, write);
}

/** Pods that use one of the profiles each, spread over the nodes. */
export async function addPods(transport: Transport, count: number, profiles: readonly SeccompProfile[]): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  await transport.request('POST', '/api/v1/namespaces', { body: namespace });
  const accounts = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`;
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  await transport.request('POST', accounts, { body: account });
  const all = Array.from({ length: count }, (_, at) => at);
  await eachOf(all, 16, at => {
    const profile = profiles[at % profiles.length]?.metadata.name ?? '';
    const seccompProfile = { type: 'Localhost', localhostProfile: localhostProfile(profile) };
    const container = {
      name: 'main',
      image: 'registry.example.com/shop:1',
      env: [{ name: 'SHARD', value: String(at) }],
    };
    const spec = { nodeName: nodeName(at % 99), securityContext: { seccompProfile }, containers: [container] };
    const metadata = { name: `pod-${at}`, labels: { app: `app-${at % 200}` } };
    const body = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
    return transport.request('POST', `/api/v1/namespaces/${NAMESPACE}/pods`, { body });
  });
}

async function everythingHeld(transport: Transport): Promise<object> {
  const path = resourcePath({ group: '', version: 'v1', plural: 'configmaps', namespace: AGENT_NAMESPACE });
  const query = { labelSelector: RENDERED_SELECTOR };
  const list = await transport.request<{ items: ConfigMap[]; metadata: { resourceVersion: string } }>('GET', path, {
    query,
  });
  const files = list.items.map(({ metadata, data }) => {
    const file = `${metadata.name.replace(/^profile-/, '')}.json`;
    return [file, digestOf(Object.values(data ?? {})[0] ?? '')] as const;
  });
  const bundle = {
    digest: bundleDigest(files),
    profiles: files.length,
    resourceVersion: list.metadata.resourceVersion,
  };
  const time = new Date().toISOString().replace(/\.\d+/, '');
  const synced = {
    type: 'Synced',
    status: 'True',
    reason: 'Installed',
    message: `${files.length} profiles`,
    lastTransitionTime: time,
  };
  return { agentVersion: 'crowd', architecture: 'amd64', bundle, failuresTotal: 0, conditions: [synced] };
}

function node(name: string): object {
  const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': name };
  const ready = { type: 'Ready', status: 'True', reason: 'Simulated', message: 'for a benchmark' };
  const nodeInfo = { architecture: 'amd64', operatingSystem: 'linux' };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, status: { conditions: [ready], nodeInfo } };
}
