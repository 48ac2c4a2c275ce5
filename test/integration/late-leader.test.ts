import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import type { ManagedProcess } from '../rig/process.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';
import { FaultProxy } from '../support/fault-proxy.ts';

const RENDERED = '/api/v1/namespaces/seccomp-operator-agents/configmaps/profile-web';
const SPEC = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['swapon'], action: 'SCMP_ACT_ERRNO' }],
};

describe('an operator whose picture of the profiles is old, and which sees what a newer leader has rendered', function () {
  this.timeout(180_000);
  let system: System;
  let proxy: FaultProxy;
  let operator: ManagedProcess;

  before(async function () {
    this.timeout(600_000);
    system = await System.start(['node-a']);
    await system.operator.stop();
    const account = ['seccomp-operator', '-n', 'seccomp-operator'];
    const token = await system.plane.kubectl(['create', 'token', ...account, '--duration=24h']);
    const kubeconfig = await system.plane.kubeconfigFor('late-operator', token);
    proxy = await FaultProxy.before(system.plane);
    await proxy.redirect(kubeconfig);
    operator = system.replica('late-operator', kubeconfig);
  });
  after(async () => {
    await operator?.kill();
    await proxy?.stop();
    await system?.stop();
  });

  it('asks for the profile before it takes a file from nodes', async () => {
    await system.profiles.apply('web', SPEC);
    await system.untilReady('web');
    const { metadata, data } = await system.plane.get<{
      metadata: { labels: object; annotations: object };
      data: object;
    }>(RENDERED);
    await system.profiles.apply('web', { ...SPEC, state: 'Disabled' });
    await until('it is removed', async () => (await system.ready('web'))?.reason === 'Disabled');

    // It hears of everything but profiles from here on.
    const hanging: ServerResponse[] = [];
    proxy.intercept = ({ path, query }, response) => {
      if (!path.endsWith('/seccompprofiles') || query.get('watch') !== 'true') return false;
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      hanging.push(response);
      return true;
    };
    proxy.cutWatches();
    await until('its watch hangs', () => hanging.length > 0);
    await system.profiles.apply('web', { ...SPEC, state: 'Enabled' });
    const { labels, annotations } = metadata;
    const rendered = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'profile-web', labels, annotations },
      data,
    };
    const as = '--as=system:serviceaccount:seccomp-operator:seccomp-operator';
    const flags = ['create', '-n', 'seccomp-operator-agents', '-f', '-', as];
    await system.plane.kubectl(flags, JSON.stringify(rendered));
    await until('it has looked', () => operator.log().includes('the profile is wanted again'));
    expect(await system.plane.kubectl(['get', '--raw', RENDERED])).to.contain('profile-web');
    expect(readFileSync(`${system.nodes.get('node-a')?.files}/web.json`, 'utf8')).to.contain('swapon');

    proxy.intercept = undefined;
    for (const response of hanging) response.destroy();
    await system.untilReady('web');
  });
});
