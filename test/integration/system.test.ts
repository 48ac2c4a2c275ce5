import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { AGENT_NAMESPACE } from '../../src/core/names.ts';
import type { ApiError } from '../../src/kube/errors.ts';
import { kubeconfigCredentials } from '../../src/kube/kubeconfig.ts';
import { Transport } from '../../src/kube/transport.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const run = promisify(execFile);
const PROJECT = join(import.meta.dirname, '../..');
const NODES = ['node-a', 'node-b', 'node-c'];

describe('the whole system on a real API server', function () {
  this.timeout(180_000);
  let system: System;

  before(async function () {
    this.timeout(600_000);
    system = await System.start(NODES);
  });

  after(async () => {
    await system?.stop();
  });

  const apply = (name: string, spec: object) =>
    system.plane.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({ apiVersion: 'seccomp-operator.dev/v1alpha1', kind: 'SeccompProfile', metadata: { name }, spec }),
    );
  const remove = (name: string) => system.plane.kubectl(['delete', 'seccompprofile', name, '--timeout=60s']);
  const refusing = (...names: string[]) => ({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }],
  });
  const path = (node: string, profile: string) => join(system.nodes.get(node)?.files ?? '', `${profile}.json`);
  const read = (node: string, profile: string) => readFile(path(node, profile), 'utf8');
  const node = (name: string) => {
    const found = system.nodes.get(name);
    if (!found) throw new Error(`no node ${name}`);
    return found;
  };
  const report = async (name: string): Promise<string> =>
    system.plane.kubectl(['get', 'seccompnode', name, '-o', 'jsonpath={.status}']);

  it('puts the seed profile on every disk, and kubectl wait is satisfied', async () => {
    await system.plane.kubectl(['apply', '-f', join(PROJECT, 'examples/seed.yaml')]);
    await system.plane.kubectl(['wait', '--for=condition=Ready', 'seccompprofile/seed', '--timeout=60s']);
    const seed = JSON.parse(await readFile(join(PROJECT, 'examples/seed-profile.json'), 'utf8'));
    for (const name of NODES) {
      const file = JSON.parse(await read(name, 'seed'));
      expect(file.defaultAction).to.equal(seed.defaultAction);
      expect(file.defaultErrnoRet).to.equal(seed.defaultErrnoRet);
      expect(file.architectures).to.have.members(seed.architectures);
      expect(file.syscalls.map((rule: { names: string[] }) => rule.names)).to.deep.equal(
        seed.syscalls.map((rule: { names: string[] }) => [...rule.names].sort()),
      );
    }
    const { status } = await system.profile('seed');
    expect(status?.nodes?.summary).to.equal('3/3');
  });

  it('says in the status what the linter found in this generation', async () => {
    const linted = async (name: string, generation: number) => {
      const { status } = await system.profile(name);
      const condition = status?.conditions?.find(({ type }) => type === 'Linted');
      return condition?.observedGeneration === generation ? { condition, warnings: status?.warnings ?? [] } : undefined;
    };
    const seed = await until('seed is linted', () => linted('seed', 1));
    expect(seed.condition).to.include({ status: 'False', reason: 'ErrorsFound' });
    expect(seed.warnings[0]).to.include({ rule: 'cannot-start', severity: 'Error' });
    expect(seed.warnings[0]?.message).to.include('execve');
    await apply('typo', refusing('rebooot'));
    const before = await until('typo is linted', () => linted('typo', 1));
    expect(before.warnings.map(({ rule }) => rule)).to.deep.equal(['unknown-syscall']);
    await apply('typo', refusing('reboot'));
    const after = await until('its next generation is linted', () => linted('typo', 2));
    expect(after.warnings).to.deep.equal([]);
    expect(after.condition).to.include({ status: 'True', reason: 'NothingFound' });
  });

  it('does not say Ready of an edit until a paused agent has it too', async () => {
    await apply('paused', refusing('mount'));
    await system.untilReady('paused');
    node('node-b').agent.pause();
    try {
      await apply('paused', refusing('mount', 'umount2'));
      await until('the other nodes have it', async () => (await read('node-a', 'paused')).includes('umount2'));
      await until('the status names the node', async () => (await system.ready('paused'))?.message.includes('node-b'));
      expect((await system.ready('paused'))?.status).to.equal('False');
      expect(await read('node-b', 'paused')).not.to.include('umount2');
    } finally {
      node('node-b').agent.resume();
    }
    await system.untilReady('paused');
    expect(await read('node-b', 'paused')).to.include('umount2');
  });

  it('does not say Ready when a node has joined that holds nothing yet', async () => {
    await apply('joined', refusing('mount'));
    await system.untilReady('joined');
    await system.addNode('node-late', { agent: false });
    await until('the status names the new node', async () =>
      (await system.ready('joined'))?.message.includes('node-late'),
    );
    expect((await system.ready('joined'))?.status).to.equal('False');
    await system.startAgent('node-late');
    await system.untilReady('joined');
    expect(existsSync(path('node-late', 'joined'))).to.equal(true);
  });

  it('does not wait for a node whose kubelet is gone, and says so', async () => {
    await node('node-late').agent.stop();
    await system.setNodeReady('node-late', false);
    await apply('unreachable', refusing('mount'));
    await system.untilReady('unreachable');
    const condition = await system.ready('unreachable');
    expect(condition?.message).to.include('unreachable: node-late');
    expect((await system.profile('unreachable')).status?.nodes?.unreachable).to.equal(1);
    await system.plane.kubectl(['delete', 'node', 'node-late']);
    await until(
      'its report goes with it',
      async () => !(await system.plane.kubectl(['get', 'scn'])).includes('node-late'),
    );
    system.nodes.delete('node-late');
  });

  it('stalls on a missing base with the chain, keeps the last good file, and heals when the base appears', async () => {
    await apply('child', refusing('mount'));
    await system.untilReady('child');
    await apply('child', { ...refusing('mount'), baseProfileName: 'parent' });
    await until('it is stalled', async () => (await system.ready('child'))?.reason === 'BaseNotFound');
    expect((await system.ready('child'))?.message).to.include('child -> parent');
    expect(await read('node-a', 'child')).to.include('mount');
    const stalled = (await system.profile('child')).status?.conditions?.find(({ type }) => type === 'Stalled');
    expect(stalled?.status).to.equal('True');
    await apply('parent', refusing('swapon'));
    await system.untilReady('child');
    expect(await read('node-a', 'child')).to.include('swapon');
    await apply('parent', refusing('swapoff'));
    await until('a change of the base arrives', async () => (await read('node-a', 'child')).includes('swapoff'));
  });

  it('says which node and why when something stands in the file’s place; the others go on, and it heals', async () => {
    await until('the agent has made its directory', () => existsSync(node('node-c').files));
    await mkdir(path('node-c', 'blocked'));
    await apply('blocked', refusing('mount'));
    await until(
      'the failure is in the status',
      async () => (await system.profile('blocked')).status?.failures?.[0]?.node === 'node-c',
    );
    await until('the others go on', async () => (await system.profile('blocked')).status?.nodes?.summary === '2/3');
    expect((await system.profile('blocked')).status?.failures?.[0]?.reason).to.equal('NotARegularFile');
    await rm(path('node-c', 'blocked'), { recursive: true });
    await system.untilReady('blocked');
  });

  it('repairs a file that was altered or removed by hand, and reports it', async () => {
    await apply('drift', refusing('mount'));
    await system.untilReady('drift');
    const text = await read('node-a', 'drift');
    await writeFile(path('node-a', 'drift'), '{}');
    await until('it is repaired', async () => (await read('node-a', 'drift')) === text);
    await rm(path('node-b', 'drift'));
    await until(
      'it is back',
      async () => existsSync(path('node-b', 'drift')) && (await read('node-b', 'drift')) === text,
    );
    await until('node-a reports it', async () => (await report('node-a')).includes('"lastFile":"drift.json"'));
    await until('node-b reports it', async () => (await report('node-b')).includes('"lastFile":"drift.json"'));
  });

  it('refuses a directory that is a link to another operator’s, and recovers when it is gone', async () => {
    const { files, kubeletRoot } = node('node-c');
    await rename(files, `${files}.aside`);
    await symlink(join(kubeletRoot, 'elsewhere'), files);
    await until('the report says so', async () => (await report('node-c')).includes('DirectoryForeign'));
    await apply('linked', refusing('mount'));
    await until('the profile says so', async () =>
      (await system.ready('linked'))?.message.includes('node-c: DirectoryForeign'),
    );
    await rm(files);
    await rename(`${files}.aside`, files);
    await system.untilReady('linked', 'True', 60_000);
    expect(existsSync(path('node-c', 'linked'))).to.equal(true);
  });

  it('puts a rendered ConfigMap and the agents’ DaemonSet back as they were', async () => {
    await apply('kept', refusing('mount'));
    await system.untilReady('kept');
    const text = await read('node-a', 'kept');
    await system.plane.kubectl(['delete', 'configmap', 'profile-kept', '-n', AGENT_NAMESPACE]);
    await system.untilReady('kept');
    const rendered = ['configmap', 'profile-kept', '-n', AGENT_NAMESPACE];
    const altered = JSON.parse(await system.plane.kubectl(['get', ...rendered, '-o', 'json']));
    altered.data['profile.json'] = '{}';
    // Admission lets nobody else.
    const operator = '--as=system:serviceaccount:seccomp-operator:seccomp-operator';
    await system.plane.kubectl(['replace', '-f', '-', operator], JSON.stringify(altered));
    await until('the ConfigMap is repaired', async () =>
      (await system.plane.kubectl(['get', ...rendered, '-o', 'jsonpath={.data}'])).includes('mount'),
    );
    await system.untilReady('kept');
    expect(await read('node-a', 'kept')).to.equal(text);
    const image = ['-n', AGENT_NAMESPACE, '-o', 'jsonpath={.spec.template.spec.containers[0].image}'];
    await system.plane.kubectl(['set', 'image', 'daemonset/seccomp-agent', 'agent=another', '-n', AGENT_NAMESPACE]);
    await until('the image is back', async () =>
      (await system.plane.kubectl(['get', 'daemonset', 'seccomp-agent', ...image])).includes('seccomp-operator:test'),
    );
  });

  it('finds what was deleted and edited while the operator was away', async () => {
    await apply('away', refusing('mount'));
    await apply('gone', refusing('mount'));
    await system.untilReady('away');
    await system.untilReady('gone');
    await system.operator.kill();
    await system.plane.kubectl(['delete', 'seccompprofile', 'gone', '--wait=false']);
    await apply('away', refusing('mount', 'swapon'));
    await system.startOperator();
    await system.untilReady('away', 'True', 60_000);
    expect(await read('node-a', 'away')).to.include('swapon');
    await until('the deleted one is gone from the nodes', () => NODES.every(name => !existsSync(path(name, 'gone'))));
  });

  it('finds on its node what changed while the agent was away, and leaves files of others alone', async () => {
    await apply('left', refusing('mount'));
    await apply('renewed', refusing('mount'));
    await system.untilReady('left');
    await system.untilReady('renewed');
    await node('node-a').agent.kill();
    await writeFile(path('node-a', 'foreign'), 'not ours');
    await system.plane.kubectl(['delete', 'seccompprofile', 'left', '--wait=false']);
    await apply('renewed', refusing('swapon'));
    await system.startAgent('node-a');
    await system.untilReady('renewed');
    await until('the file of the deleted one is gone', () => !existsSync(path('node-a', 'left')));
    expect(await read('node-a', 'renewed')).to.include('swapon');
    expect(await read('node-a', 'foreign')).to.equal('not ours');
    await rm(path('node-a', 'foreign'));
  });

  it('gives a file that two profiles name to the shorter name, and to the other when that goes', async () => {
    await apply('shared.json', refusing('mount'));
    await system.untilReady('shared.json');
    await apply('shared', refusing('swapon'));
    await system.untilReady('shared');
    expect(await read('node-a', 'shared')).to.include('swapon');
    await until('the other is told', async () => (await system.ready('shared.json'))?.reason === 'PathConflict');
    await apply('unconcerned', refusing('mount'));
    await system.untilReady('unconcerned');
    await remove('shared');
    await system.untilReady('shared.json');
    expect(await read('node-a', 'shared')).to.include('mount');
    await remove('shared.json');
  });

  it('leaves ConfigMaps under our label alone that are not what their name says, and what they speak of', async () => {
    await apply('named', refusing('mount'));
    await system.untilReady('named');
    const text = await read('node-a', 'named');
    // Cut by the length of the prefix, the first name says `named`; the second speaks of it.
    for (const name of ['profile.named', 'profile-evil']) {
      const metadata = {
        name,
        namespace: AGENT_NAMESPACE,
        labels: { 'seccomp-operator.dev/rendered': 'true' },
        annotations: { 'seccomp-operator.dev/profile': 'named' },
      };
      const data = { 'profile.json': '{"defaultAction":"SCMP_ACT_LOG","syscalls":[{"names":["read"]}]}' };
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
      const operator = '--as=system:serviceaccount:seccomp-operator:seccomp-operator';
      await system.plane.kubectl(['create', '-f', '-', operator], JSON.stringify(object));
    }
    await until(
      'the operator has removed the one that is of no profile',
      async () =>
        !(await system.plane.kubectl(['get', 'cm', '-n', AGENT_NAMESPACE, '-o', 'name'])).includes('profile-evil'),
    );
    await apply('after', refusing('mount'));
    await system.untilReady('after');
    await system.untilReady('named');
    expect(await read('node-a', 'named')).to.equal(text);
    await system.plane.kubectl(['delete', 'cm', 'profile.named', '-n', AGENT_NAMESPACE]);
  });

  it('renders for the architectures there are, whatever a kubelet says of its node', async () => {
    await system.addNode('node-lying', { agent: false, ready: false });
    await system.setNodeReady('node-lying', false, '../x/y');
    await apply('native', { ...refusing('mount'), architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] });
    await system.untilReady('native');
    const keys = ['get', 'cm', 'profile-native', '-n', AGENT_NAMESPACE, '-o', 'jsonpath={.data}'];
    expect(Object.keys(JSON.parse(await system.plane.kubectl(keys)))).to.deep.equal(['amd64.json']);
    await system.plane.kubectl(['delete', 'node', 'node-lying']);
    system.nodes.delete('node-lying');
  });

  it('takes a Disabled profile off the nodes', async () => {
    await apply('off', refusing('mount'));
    await system.untilReady('off');
    await apply('off', { ...refusing('mount'), state: 'Disabled' });
    await until('it is off the nodes', () => NODES.every(name => !existsSync(path(name, 'off'))));
    await until('the status says so', async () => (await system.ready('off'))?.reason === 'Disabled');
  });

  it('removes the file when a profile is deleted', async () => {
    await apply('deleted', refusing('mount'));
    await system.untilReady('deleted');
    await remove('deleted');
    await until('it is gone from the nodes', () => NODES.every(name => !existsSync(path(name, 'deleted'))));
  });

  it('goes on after the API server was restarted', async () => {
    await system.plane.restartApiserver();
    await apply('restarted', refusing('mount'));
    await system.untilReady('restarted', 'True', 60_000);
  });

  it('shows with kubectl seccomp what a node gets, and where profiles stand', async () => {
    const seccomp = (...args: string[]) =>
      run(process.execPath, [join(PROJECT, 'dist/kubectl-seccomp.js'), ...args], { env });
    const env = { ...process.env, KUBECONFIG: system.plane.kubeconfig };
    await system.untilReady('seed');
    expect((await seccomp('render', join(PROJECT, 'examples/seed.yaml'))).stdout).to.equal(
      await read('node-a', 'seed'),
    );
    expect((await seccomp('status', 'seed')).stdout).to.include('on 3 of 3 nodes as operator/seed.json');
    const reports = JSON.parse((await seccomp('nodes', '-o', 'json')).stdout) as { metadata: { name: string } }[];
    expect(reports.map(({ metadata }) => metadata.name)).to.have.members(NODES);
    expect(JSON.stringify(reports)).not.to.include('managedFields');
    const [header, row, ...others] = (await seccomp('nodes', 'node-a')).stdout.trim().split('\n');
    expect(header).to.match(/^NODE +SYNCED +PROFILES +DRIFTED +STATUS$/);
    expect(row).to.match(/^node-a +True +\d+ +(True|-) +\S/);
    expect(others).to.deep.equal([]);
  });

  it('lets a person verify a node with sha256sum alone', async () => {
    const sums = 'LC_ALL=C; sha256sum *.json | sha256sum';
    const { stdout } = await run('sh', ['-c', sums], { cwd: node('node-b').files });
    const [hex] = stdout.split(' ');
    await until('the report says the same', async () => (await report('node-b')).includes(`sha256:${hex}`));
  });

  describe('an agent’s token', () => {
    const AGENT_MAY_NOT: [string, string[]][] = [
      ['make a report', ['create', '-f', '-']],
      ['read Secrets', ['get', 'secrets', '-A']],
      ['read ConfigMaps elsewhere', ['get', 'configmaps', '-n', 'kube-system']],
      ['write rendered profiles', ['delete', 'configmap', 'profile-seed', '-n', AGENT_NAMESPACE]],
      ['read Nodes', ['get', 'nodes']],
      ['read profiles', ['get', 'seccompprofiles']],
      ['delete profiles', ['delete', 'seccompprofile', 'seed']],
    ];
    for (const [what, args] of AGENT_MAY_NOT) {
      it(`cannot ${what}`, async () => {
        const input = JSON.stringify({
          apiVersion: 'seccomp-operator.dev/v1alpha1',
          kind: 'SeccompNode',
          metadata: { name: 'x' },
        });
        const { code, stderr } = await system.plane.tryKubectl(args, input, await system.agentKubeconfig('node-a'));
        expect(code, stderr).not.to.equal(0);
        expect(stderr).to.match(/forbidden/i);
      });
    }

    /** As the agent itself does it: kubectl would read the status first, which an agent may not. */
    async function reportAs(agentOf: string, about: string): Promise<void> {
      const credentials = await kubeconfigCredentials(await system.agentKubeconfig(agentOf));
      const transport = new Transport({ credentials, userAgent: 'test' });
      try {
        await transport.request('PATCH', `/apis/seccomp-operator.dev/v1alpha1/seccompnodes/${about}/status`, {
          contentType: 'application/merge-patch+json',
          body: { status: { agentVersion: 'test' } },
        });
      } finally {
        transport.close();
      }
    }

    it('can report for its own node', async () => {
      await reportAs('node-a', 'node-a');
    });

    it('cannot report for another node', async () => {
      const refused = await reportAs('node-a', 'node-b').then(
        () => undefined,
        error => error as ApiError,
      );
      expect(refused?.status).to.equal(403);
      expect(refused?.message).to.include(
        'the agent of node node-a may only report on its own SeccompNode, not on node-b',
      );
    });
  });
});
