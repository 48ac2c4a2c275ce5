import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Taint } from '../../src/core/fleet/eligible.ts';
import { STARTUP_TAINT } from '../../src/core/names.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const SPEC = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] };

describe('Pods and nodes that need a profile', function () {
  this.timeout(120_000);
  let system: System;

  before(async function () {
    this.timeout(600_000);
    system = await System.start(['node-a']);
    await system.plane.kubectl(['create', 'namespace', 'shop']);
    await system.plane.kubectl(['create', 'serviceaccount', 'default', '-n', 'shop']);
  });

  after(async () => {
    await system?.stop();
  });

  const create = (object: object) => system.plane.kubectl(['apply', '-f', '-'], JSON.stringify(object));
  const profile = (name: string, spec: object = SPEC) =>
    create({ apiVersion: 'seccomp-operator.dev/v1alpha1', kind: 'SeccompProfile', metadata: { name }, spec });
  const pod = (name: string, spec: object) =>
    create({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' }, spec });
  const under = (name: string) => ({
    securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: `operator/${name}.json` } },
  });
  const container = (name: string) => ({ name, image: 'example.test/shop:1' });
  const isOnDisk = (name: string) => existsSync(join(system.nodes.get('node-a')?.files ?? '', `${name}.json`));
  const isGone = async (name: string) =>
    !(await system.plane.kubectl(['get', 'scp', '-o', 'name'])).includes(`/${name}\n`);
  const inUse = async (name: string) =>
    (await system.profile(name)).status?.conditions?.find(({ type }) => type === 'InUse')?.message;
  const end = (name: string) =>
    system.plane.kubectl(['delete', 'pod', name, '-n', 'shop', '--force', '--grace-period=0']);

  it('keeps a deleted profile on nodes while a Pod refers to it, names the Pods, and lets it go by itself', async () => {
    await profile('held');
    await system.untilReady('held');
    await pod('by-pod', { ...under('held'), containers: [container('c')] });
    await pod('by-init', { initContainers: [{ ...container('i'), ...under('held') }], containers: [container('c')] });
    await system.plane.kubectl(['delete', 'scp', 'held', '--wait=false']);
    await until('the condition names both', async () =>
      (await inUse('held'))?.includes('2 Pods use it: shop/by-init, shop/by-pod'),
    );
    expect(isOnDisk('held')).to.equal(true);
    await end('by-pod');
    await until('one is left', async () => (await inUse('held'))?.includes('1 Pod uses it: shop/by-init'));
    expect(isOnDisk('held')).to.equal(true);
    const finished = JSON.stringify({ status: { phase: 'Succeeded' } });
    await system.plane.kubectl([
      'patch',
      'pod',
      'by-init',
      '-n',
      'shop',
      '--subresource=status',
      '--type=merge',
      '-p',
      finished,
    ]);
    await until('it is gone after the last has finished', () => isGone('held'));
    await until('the file is gone too', async () => !isOnDisk('held'));
  });

  it('makes the rendered form of a held profile again when somebody deletes it', async () => {
    await profile('remade');
    await system.untilReady('remade');
    await pod('user', { containers: [{ ...container('c'), ...under('remade') }] });
    await system.plane.kubectl(['delete', 'scp', 'remade', '--wait=false']);
    await until('it is held', async () => (await inUse('remade')) !== undefined);
    await system.plane.kubectl(['delete', 'configmap', 'profile-remade', '-n', 'seccomp-operator-agents']);
    await until('it is there again', async () =>
      (await system.plane.kubectl(['get', 'configmaps', '-n', 'seccomp-operator-agents'])).includes('profile-remade'),
    );
    await end('user');
    await until('it goes', () => isGone('remade'));
  });

  it('keeps a disabled profile for the Pods that use it', async () => {
    await profile('disabled');
    await system.untilReady('disabled');
    await pod('uses-disabled', { containers: [{ ...container('c'), ...under('disabled') }] });
    await until('it is counted', async () => (await system.profile('disabled')).status?.usedBy === 1);
    await profile('disabled', { ...SPEC, state: 'Disabled' });
    await until('it is held', async () => (await inUse('disabled')) !== undefined);
    expect(isOnDisk('disabled')).to.equal(true);
    await end('uses-disabled');
    await until('its file is gone', async () => !isOnDisk('disabled'));
    await until('it says so', async () => (await system.ready('disabled'))?.reason === 'Disabled');
  });

  it('holds it also when another operator finds it so', async () => {
    await profile('inherited');
    await system.untilReady('inherited');
    await pod('uses-inherited', { containers: [{ ...container('c'), ...under('inherited') }] });
    await system.plane.kubectl(['delete', 'scp', 'inherited', '--wait=false']);
    await until('it is held', async () => (await inUse('inherited')) !== undefined);
    await system.operator.kill();
    await end('uses-inherited');
    expect(isOnDisk('inherited')).to.equal(true);
    await system.startOperator();
    await until('it goes', () => isGone('inherited'), { timeoutMs: 60_000 });
    await until('its file too', async () => !isOnDisk('inherited'));
  });

  it('is gone from the disks of all nodes that can be reached when kubectl delete returns', async () => {
    const far = await system.addNode('node-far');
    await profile('leaving');
    await system.untilReady('leaving');
    far.agent.pause();
    try {
      await system.plane.kubectl(['delete', 'scp', 'leaving', '--wait=false']);
      await until('it is gone from one', async () => !isOnDisk('leaving'));
      await until('it waits for the other', async () =>
        (await system.ready('leaving'))?.message.includes('being removed from node-far'),
      );
    } finally {
      far.agent.resume();
    }
    await until('it goes', () => isGone('leaving'));
    expect(existsSync(join(far.files, 'leaving.json'))).to.equal(false);

    await profile('left');
    await system.untilReady('left');
    far.agent.pause();
    try {
      await system.setNodeReady('node-far', false);
      await system.plane.kubectl(['delete', 'scp', 'left', '--timeout=20s']);
      expect(existsSync(join(far.files, 'left.json'))).to.equal(true);
    } finally {
      far.agent.resume();
    }
    await until('the file goes when the node is back', () => !existsSync(join(far.files, 'left.json')));
    await far.agent.stop();
    await system.plane.kubectl(['delete', 'node', 'node-far']);
  });

  describe('the startup taint', () => {
    const taint = { key: STARTUP_TAINT, effect: 'NoSchedule' };
    const other = { key: 'example.com/gpu', value: 'yes', effect: 'NoSchedule' };
    /** Those that the API server gives a new Node itself are left out. */
    const taintsOf = async (node: string) =>
      (
        JSON.parse(await system.plane.kubectl(['get', 'node', node, '-o', 'jsonpath={.spec.taints}'])) as Taint[]
      ).filter(({ key }) => !key.startsWith('node.kubernetes.io/'));

    it('stays until the node holds every profile, and goes then, it alone', async () => {
      await profile('first');
      await system.untilReady('first');
      await system.addNode('node-new', { agent: false, taints: [taint, other] });
      await until('the node is known', async () => (await system.ready('first'))?.message.includes('node-new'));
      expect(await taintsOf('node-new')).to.deep.equal([taint, other]);
      await system.startAgent('node-new');
      await until('the taint is gone', async () => (await taintsOf('node-new')).length === 1);
      expect(await taintsOf('node-new')).to.deep.equal([other]);
      expect(existsSync(join(system.nodes.get('node-new')?.files ?? '', 'first.json'))).to.equal(true);
    });

    it('is all that the operator may change of a Node', async () => {
      const operator = ['--as=system:serviceaccount:seccomp-operator:seccomp-operator'];
      const patch = (body: object) =>
        system.plane.kubectl(['patch', 'node', 'node-new', '--type=merge', '-p', JSON.stringify(body), ...operator]);
      const refused: [object, string][] = [
        [{ spec: { unschedulable: true } }, 'nothing of a Node but its startup taint'],
        [{ metadata: { labels: { 'example.com/role': 'admin' } } }, 'nothing of a Node but its startup taint'],
        [{ spec: { taints: [other, { key: 'x/y', effect: 'NoExecute' }] } }, 'neither add others'],
      ];
      for (const [body, message] of refused) {
        const error = await patch(body).catch(each => each as Error);
        expect(error, JSON.stringify(body)).to.be.instanceOf(Error);
        expect((error as Error).message).to.include(message);
      }
    });
  });
});
