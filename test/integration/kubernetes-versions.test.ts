import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { kubeconfigCredentials } from '../../src/kube/kubeconfig.ts';
import { RawClient } from '../fuzz/cluster/raw.ts';
import { kubernetesVersions } from '../rig/binaries.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const NODES = ['node-a', 'node-b'];
const [newest, ...older] = await kubernetesVersions();
const REPORTS = '/apis/seccomp-operator.dev/v1alpha1/seccompnodes';
const SPEC = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] };

/** All other tests run on the newest; this is what holds the product up, on each of the others. */
for (const kubernetes of older) {
  describe(`the whole system on Kubernetes ${kubernetes} (beside ${newest})`, function () {
    this.timeout(120_000);
    let system: System;

    before(async function () {
      this.timeout(0); // Its API server may have to be built first.
      system = await System.start(NODES, { kubernetes });
    });

    after(async () => {
      await system?.stop();
    });

    const kubectl = (args: readonly string[], input?: object) =>
      system.plane.kubectl(args, input && JSON.stringify(input));
    const profile = (name: string, spec: object) => ({
      apiVersion: 'seccomp-operator.dev/v1alpha1',
      kind: 'SeccompProfile',
      metadata: { name },
      spec,
    });
    const isOnDisk = (name: string) =>
      NODES.every(node => existsSync(join(system.nodes.get(node)?.files ?? '', `${name}.json`)));

    it('is that version', async () => {
      const { gitVersion } = await system.plane.get<{ gitVersion: string }>('/version');
      expect(gitVersion).to.match(new RegExp(`^${kubernetes.replace('.', '\\.')}\\.`));
    });

    it('refuses in CEL what cannot be, and warns of what should not', async () => {
      const { stderr } = await system.plane.tryKubectl(
        ['apply', '--dry-run=server', '-f', '-'],
        JSON.stringify(profile('wrong', { ...SPEC, defaultErrnoRet: 1 })),
      );
      expect(stderr).to.contain('spec.defaultErrnoRet').and.to.contain('remove it or change defaultAction');
      const { stderr: warning } = await system.plane.tryKubectl(
        ['apply', '--dry-run=server', '-f', '-'],
        JSON.stringify(profile('warned', { defaultAction: 'SCMP_ACT_KILL' })),
      );
      expect(warning).to.contain('Warning').and.to.contain('kill-thread');
    });

    it('brings a profile to every node, and kubectl wait is satisfied', async () => {
      await kubectl(['apply', '-f', '-'], profile('web', SPEC));
      await kubectl(['wait', '--for=condition=Ready', 'seccompprofile/web', '--timeout=60s']);
      expect(isOnDisk('web')).to.equal(true);
    });

    it('keeps a deleted profile while a Pod uses it, and lets it go by itself', async () => {
      await kubectl(['create', 'serviceaccount', 'default', '-n', 'default']);
      const seccompProfile = { type: 'Localhost', localhostProfile: 'operator/web.json' };
      const containers = [{ name: 'c', image: 'example.test/c:1', securityContext: { seccompProfile } }];
      await kubectl(['apply', '-f', '-'], {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'user' },
        spec: { nodeName: 'node-a', containers },
      });
      await kubectl(['delete', 'scp', 'web', '--wait=false']);
      await until('it is in use', async () => (await system.ready('web'))?.message.includes('default/user'));
      expect(isOnDisk('web')).to.equal(true);
      await kubectl(['delete', 'pod', 'user', '--force', '--grace-period=0']);
      await until('it is gone', async () => !(await kubectl(['get', 'scp', '-o', 'name'])).includes('/web'));
      await until('its files too', () =>
        NODES.every(node => !existsSync(join(system.nodes.get(node)?.files ?? '', 'web.json'))),
      );
    });

    it('lets nobody but the operator write a rendered profile', async () => {
      const edit = ['patch', 'cm', 'profile-web', '-n', 'seccomp-operator-agents', '--type=merge', '-p'];
      await kubectl(['apply', '-f', '-'], profile('web', SPEC));
      await system.untilReady('web');
      const { stderr } = await system.plane.tryKubectl([...edit, '{"data":{"profile.json":"{}"}}']);
      expect(stderr).to.contain('only the operator writes rendered profiles');
    });

    it('lets an agent report on its own node only', async () => {
      const client = new RawClient(await kubeconfigCredentials(await system.agentKubeconfig('node-a')));
      const patch = (node: string) =>
        client.send(
          'PATCH',
          `${REPORTS}/${node}/status`,
          '{"status":{"failuresTotal":0}}',
          'application/merge-patch+json',
        );
      const { code, text } = await patch('node-b');
      expect(code).to.equal(403);
      expect(text).to.contain('may only report on its own SeccompNode, not on node-b');
      expect((await patch('node-a')).code).to.equal(200);
      client.close();
    });

    it('hands over when the leader is killed', async () => {
      const other = await system.startReplica('other');
      try {
        await system.operator.kill();
        await kubectl(['apply', '-f', '-'], profile('later', SPEC));
        await system.untilReady('later');
      } finally {
        await other.stop();
      }
    });
  });
}
