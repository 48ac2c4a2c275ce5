import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { DEFAULT_AGENT_CONFIG } from '../../../../src/core/daemonset/config.ts';
import { agentDaemonSet, type DaemonSet } from '../../../../src/core/daemonset/template.ts';
import type { NodeInfo } from '../../../../src/core/fleet/eligible.ts';
import { nodeProgress, type RemovalPod } from '../../../../src/core/uninstall/node-progress.ts';
import { removalDaemonSet } from '../../../../src/core/uninstall/removal-daemonset.ts';

const MANIFEST = join(import.meta.dirname, '../../../../manifests/agent-daemonset.yaml');
const template = parse(readFileSync(MANIFEST, 'utf8')) as DaemonSet;

interface Pod {
  initContainers: Container[];
  containers: Container[];
  volumes: unknown[];
  [field: string]: unknown;
}
interface Container {
  env: { name: string; value?: string }[];
  securityContext: unknown;
  [field: string]: unknown;
}

describe('the DaemonSet that removes everything', () => {
  const config = { ...DEFAULT_AGENT_CONFIG, kubeletRoot: '/srv/kubelet', nodeSelector: { pool: 'apps' } };
  const agents = agentDaemonSet(template, config, 'agents', 'registry/s:v1');
  const agentPod = agents.spec.template.spec as unknown as Pod;
  const removal = removalDaemonSet(agents);
  const pod = removal.spec.template.spec as unknown as Pod;

  it('does it in an init container, and sees afterwards that it stays so', () => {
    const tasks = [...pod.initContainers, ...pod.containers].map(({ env }) => env.at(-1));
    expect(tasks).to.deep.equal([
      { name: 'TASK', value: 'remove' },
      { name: 'TASK', value: 'stay-removed' },
    ]);
  });

  it('has the agents’ image, directory and bounds, and no right on the API', () => {
    for (const container of [...pod.initContainers, ...pod.containers]) {
      expect(container['image']).to.equal('registry/s:v1');
      expect(container.securityContext).to.deep.equal(agentPod.containers[0]?.securityContext);
      expect(container.env).to.deep.include({ name: 'KUBELET_ROOT', value: '/srv/kubelet' });
      expect(container).not.to.have.any.keys('ports', 'livenessProbe', 'readinessProbe', 'startupProbe');
    }
    expect(pod.volumes).to.deep.equal(agentPod.volumes);
    expect(pod).to.include({ automountServiceAccountToken: false, serviceAccountName: 'default' });
  });

  it('goes everywhere, and selects none of the agents’ Pods', () => {
    expect(pod['nodeSelector']).to.deep.equal({ 'kubernetes.io/os': 'linux' });
    expect(pod['tolerations']).to.deep.equal([{ operator: 'Exists' }]);
    expect(removal.metadata.name).not.to.equal(agents.metadata.name);
    expect(removal.spec['selector']).to.deep.equal({ matchLabels: removal.spec.template.metadata['labels'] });
    expect(removal.spec.template.metadata['labels']).not.to.deep.equal(agents.spec.template.metadata['labels']);
  });

  it('leaves the template as it was', () => {
    expect(agents).to.deep.equal(agentDaemonSet(template, config, 'agents', 'registry/s:v1'));
  });
});

describe('how far nodes are', () => {
  const node = (name: string, more: Partial<NodeInfo> = {}): NodeInfo => ({
    ...{ name, uid: '', architecture: 'amd64', operatingSystem: 'linux', labels: {}, taints: [], ready: true },
    ...more,
  });
  const pod = (nodeName: string, status: RemovalPod['status'], uid = 'own'): RemovalPod => ({
    metadata: { ownerReferences: [{ uid }] },
    spec: { nodeName },
    ...(status ? { status } : {}),
  });
  const ended = (exitCode: number, message = '') => ({
    initContainerStatuses: [{ state: { terminated: { exitCode, message } } }],
  });
  const waiting = (reason: string, message?: string) => ({
    initContainerStatuses: [{ state: { waiting: { reason, ...(message ? { message } : {}) } } }],
  });
  const why = (...pods: RemovalPod[]) => nodeProgress([node('a')], pods, 'own').pending[0]?.why;

  it('a node is done when the removal has ended well', () => {
    expect(nodeProgress([node('a')], [pod('a', ended(0))], 'own')).to.deep.equal({
      done: ['a'],
      pending: [],
      unreachable: [],
    });
  });

  it('a Pod of an earlier removal says nothing', () => {
    expect(why(pod('a', ended(0), 'earlier'))).to.equal('no Pod is there yet');
  });

  it('says what keeps a node', () => {
    expect(why()).to.equal('no Pod is there yet');
    expect(why(pod('a', undefined))).to.equal('its Pod is starting');
    expect(why(pod('a', waiting('PodInitializing')))).to.equal('its Pod is starting');
    expect(why(pod('a', waiting('ImagePullBackOff', 'no such image')))).to.equal('ImagePullBackOff: no such image');
    expect(why(pod('a', ended(1, 'first\nagent: read-only\n')))).to.equal('agent: read-only');
    expect(why(pod('a', ended(1)))).to.equal('it ended with 1');
    const again = {
      ...waiting('CrashLoopBackOff').initContainerStatuses[0],
      lastState: { terminated: { exitCode: 1, message: 'disk' } },
    };
    expect(why(pod('a', { initContainerStatuses: [again] }))).to.equal('disk');
  });

  it('a node that is not heard is not waited for, unless it was cleaned before', () => {
    const nodes = [node('a', { ready: false }), node('b', { ready: false })];
    expect(nodeProgress(nodes, [pod('b', ended(0))], 'own')).to.deep.equal({
      done: ['b'],
      pending: [],
      unreachable: ['a'],
    });
  });

  it('Windows and virtual nodes do not count, tainted ones do', () => {
    const nodes = [
      node('windows', { operatingSystem: 'windows' }),
      node('virtual', { labels: { type: 'virtual-kubelet' } }),
      node('tainted', { taints: [{ key: 'own', effect: 'NoExecute' }] }),
    ];
    expect(nodeProgress(nodes, [], '').pending.map(each => each.node)).to.deep.equal(['tainted']);
  });
});
