import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { AGENT_NAMESPACE } from '../../src/core/names.ts';
import { System, type TestNode } from '../rig/system.ts';
import { until } from '../rig/until.ts';
import { FaultProxy } from '../support/fault-proxy.ts';

const SPEC = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] };

describe('an agent that fetches a profile again because it could not be installed', () => {
  let system: System;
  let proxy: FaultProxy;
  let node: TestNode;

  before(async function () {
    this.timeout(600_000);
    system = await System.start([]);
    node = await system.addNode('node-a', { agent: false });
    proxy = await throughProxy();
    system.restartAgent('node-a');
  });
  after(async () => {
    await system?.stop();
    await proxy?.stop();
  });

  const configMap = (profile: string) => `/api/v1/namespaces/${AGENT_NAMESPACE}/configmaps/profile-${profile}`;
  const report = async () =>
    (await system.plane.get<Report>('/apis/seccomp-operator.dev/v1alpha1/seccompnodes/node-a')).status;

  /** The profile goes while its ConfigMap is being fetched; `answer` is what the fetch then comes to. */
  async function goesMeanwhile(profile: string, answer: (body: string, response: ServerResponse) => boolean) {
    const path = join(node.files, `${profile}.json`);
    await system.profiles.install('first', SPEC);
    await mkdir(path);
    let isOver = false;
    proxy.intercept = async ({ method, path: requested }, response) => {
      if (method !== 'GET' || requested !== configMap(profile) || isOver) return false;
      isOver = true;
      const body = await system.plane.kubectl(['get', '--raw', configMap(profile)]);
      await system.profiles.delete(profile);
      // The agent has seen it go.
      await until('no failure is reported', async () => (await report())?.failuresTotal === 0);
      return answer(body, response);
    };
    await system.profiles.apply(profile, SPEC);
    await until('it was fetched again, and has gone', () => isOver && existsSync(path));
    await until('nothing is wrong', async () => (await report())?.failuresTotal === 0);
    await rm(path, { recursive: true });
    // What comes after is seen: so is what would have come of the fetch.
    await system.profiles.install(`after-${profile}`, SPEC);
    expect((await report())?.failuresTotal).to.equal(0);
    expect(existsSync(path)).to.equal(false);
  }

  it('forgets one that was deleted when there is no ConfigMap any more', () => goesMeanwhile('gone', () => false));

  it('does not install one that was deleted after its ConfigMap was read', () =>
    goesMeanwhile('late', (body, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      return true;
    }));

  async function throughProxy(): Promise<FaultProxy> {
    const started = await FaultProxy.before(system.plane);
    await started.redirect(await system.agentKubeconfig('node-a'));
    return started;
  }
});

interface Report {
  readonly status?: { readonly failuresTotal?: number };
}
