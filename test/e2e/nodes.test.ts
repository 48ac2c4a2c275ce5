import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { AGENT_NAMESPACE, STARTUP_TAINT } from '../../src/core/names.ts';
import { Installation } from '../rig/cluster/installation.ts';
import { until } from '../rig/until.ts';
import { Pods } from '../support/pods.ts';

const refusing = (...names: string[]) => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }],
});

describe('real nodes that come, go, fail and differ', function () {
  this.timeout(300_000);

  describe('in one cluster', () => {
    let system: Installation;
    before(async () => {
      system = await Installation.start({ nodes: 2 });
      await system.profiles.install('kept', refusing('swapon'));
    });
    after(() => system?.stop());

    const counts = async (name: string) => (await system.profiles.get(name)).status?.nodes;

    it('get a file back that was altered or removed by hand, and it is reported', async () => {
      const text = await system.read('node-1', 'kept');
      await writeFile(system.file('node-1', 'kept'), '{"defaultAction": "SCMP_ACT_ALLOW"}');
      await until('it is repaired', async () => (await system.read('node-1', 'kept')) === text);
      await rm(system.file('node-2', 'kept'));
      await until('it is back', async () => (await system.read('node-2', 'kept').catch(() => '')) === text);
      for (const node of ['node-1', 'node-2']) {
        await until(`${node} reports it`, async () => (await system.report(node)).includes('"lastFile":"kept.json"'));
        const columns = await system.kubectl(['get', 'seccompnode', node]);
        expect(columns).to.match(/DRIFTED[^\n]*\n\S+\s+True\s+\d+\s+\d+\s+True/);
      }
    });

    it('take no Pod before every profile is on their disk, if they join with the startup taint', async () => {
      await system.kubectl(['cordon', 'node-1', 'node-2']);
      const pods = new Pods(system);
      await pods.shell('early', 'mkdir /tmp/x 2>&1; exec sleep 1000', { profile: 'kept' });
      const { name } = await system.cluster.addNode({ startupTaint: STARTUP_TAINT });
      await pods.untilReady('early');
      expect((await pods.get('early')).spec.nodeName).to.equal(name);
      const events = await system.kubectl(['get', 'events', '--field-selector=involvedObject.name=early']);
      // A file that is not there is an event of the kubelet's: "Error: failed to create containerd container: ...".
      expect(events).to.include('Started').and.not.include('Error');
      await system.kubectl(['uncordon', 'node-1', 'node-2']);
      await system.cluster.removeNode(name);
      await until('its report goes', async () => !(await system.kubectl(['get', 'seccompnodes'])).includes(name));
    });

    it('are waited for when they join, get every profile, and are forgotten when they leave', async () => {
      const { name } = await system.cluster.addNode();
      await until('the status counts three', async () => (await counts('kept'))?.desired === 3);
      await system.profiles.untilReady('kept');
      expect(await counts('kept')).to.include({ desired: 3, installed: 3 });
      expect(await system.read(name, 'kept')).to.equal(await system.read('node-1', 'kept'));
      await system.cluster.removeNode(name);
      await until('the status counts two', async () => (await counts('kept'))?.desired === 2);
      await until('its report goes', async () => !(await system.kubectl(['get', 'seccompnodes'])).includes(name));
      await system.profiles.untilReady('kept');
    });

    it('are named and not waited for when they lose their power, and catch up when they are back', async () => {
      const node = system.node('node-2');
      await node.switchOff();
      await system.profiles.apply('kept', refusing('swapon', 'swapoff'));
      await system.profiles.untilReady('kept', 'True', 120_000);
      const condition = await system.profiles.ready('kept');
      expect(condition?.message).to.include('unreachable: node-2');
      expect(await counts('kept')).to.include({ desired: 2, installed: 1, unreachable: 1 });
      expect(await system.read('node-2', 'kept')).not.to.include('swapoff');

      await node.switchOn();
      await until('it has caught up', async () => (await counts('kept'))?.installed === 2, { timeoutMs: 180_000 });
      await system.profiles.untilReady('kept');
      expect(await system.read('node-2', 'kept')).to.include('swapoff');
    });

    it('have agents where the configuration says so, and count there only', async () => {
      await system.kubectl(['label', 'node', 'node-1', 'confined=yes']);
      await system.configureAgents({ nodeSelector: { 'kubernetes.io/os': 'linux', confined: 'yes' } });
      await until('one node counts', async () => (await counts('kept'))?.summary === '1/1');
      await until('the other’s agent has ended', async () => {
        const agents = await system.pods(AGENT_NAMESPACE, 'app.kubernetes.io/component=agent');
        return agents.every(({ spec }) => spec.nodeName !== 'node-2');
      });
      await system.profiles.install('selected', refusing('mount'));
      expect(existsSync(system.file('node-1', 'selected'))).to.equal(true);
      expect(existsSync(system.file('node-2', 'selected'))).to.equal(false);
    });
  });

  it('have their profiles where their kubelets keep files, if that is not the usual place', async () => {
    const system = await Installation.start({ nodes: 1, kubeletRoot: '/srv/kubelet' });
    try {
      await system.configureAgents({ kubeletRoot: '/srv/kubelet' });
      await system.profiles.install('elsewhere', refusing('mkdir', 'mkdirat'));
      await until('the agent writes there', () => existsSync(system.file('node-1', 'elsewhere')));
      expect(system.file('node-1', 'elsewhere')).to.match(/\/srv\/kubelet\/seccomp\/operator\/elsewhere\.json$/);
      const { output } = await new Pods(system).run('pod', 'mkdir /tmp/x 2>&1', { profile: 'elsewhere' });
      expect(output).to.include('Operation not permitted');
    } finally {
      await system.stop();
    }
  });
});
