import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../../src/core/names.ts';
import { ProcessKubelets } from '../rig/process-kubelets.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const PROJECT = join(import.meta.dirname, '../..');
const MANIFESTS = join(PROJECT, 'manifests/base');
const CONTROLLERS = ['daemonset', 'deployment', 'replicaset', 'namespace', 'garbage-collector', 'serviceaccount'];
const NODES = ['node-a', 'node-b'];
const SPEC = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] };

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

describe('kubectl seccomp uninstall', function () {
  this.timeout(180_000);
  let system: System;
  let kubelets: ProcessKubelets;

  before(async function () {
    this.timeout(0); // The programs may have to be built first.
    system = await System.install({ controllers: CONTROLLERS.map(name => `${name}-controller`) });
    kubelets = await ProcessKubelets.start(system.plane, [OPERATOR_NAMESPACE, AGENT_NAMESPACE]);
    for (const node of NODES) {
      await kubelets.add(node);
      await system.addNode(node, { agent: false });
      // Taken off by a controller that would miss the kubelets' leases.
      await system.plane.kubectl(['taint', 'node', node, 'node.kubernetes.io/not-ready-']);
    }
    await system.plane.kubectl(['create', 'namespace', 'shop']);
    await until('its service account', () => system.plane.kubectl(['get', 'serviceaccount', 'default', '-n', 'shop']));
  });

  after(async () => {
    await kubelets?.stop();
    await system?.stop();
  });

  const kubectl = (...args: string[]) => system.plane.kubectl(args);
  const create = (object: object) => system.plane.kubectl(['apply', '-f', '-'], JSON.stringify(object));
  const filesOf = (node: string) => {
    const seccomp = join(system.nodes.get(node)?.kubeletRoot ?? '', 'seccomp');
    return existsSync(seccomp) ? (readdirSync(seccomp, { recursive: true }) as string[]).sort() : [];
  };
  const installed = (...profiles: string[]) =>
    [
      'operator',
      'operator/.installed',
      ...profiles.flatMap(name => [`operator/${name}.json`, `operator/.installed/${name}.json`]),
    ].sort();

  function start(...args: string[]) {
    const child = spawn(process.execPath, [join(PROJECT, 'dist/kubectl-seccomp.js'), 'uninstall', ...args], {
      env: { ...process.env, KUBECONFIG: system.plane.kubeconfig },
    });
    const ended: Ended = { code: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', text => (ended.stdout += text));
    child.stderr.setEncoding('utf8').on('data', text => (ended.stderr += text));
    const exit = new Promise<Ended>(resolve => child.once('close', code => resolve({ ...ended, code })));
    const killAt = async (text: string) => {
      await until(`it says "${text}"`, () => ended.stderr.includes(text));
      child.kill('SIGKILL');
      await exit;
    };
    return { exit, killAt };
  }
  const uninstall = (...args: string[]) => start('--timeout=60', ...args).exit;

  /** Manifests, two profiles, and both on every node that is on. */
  async function install(): Promise<void> {
    await kubectl('apply', '--server-side', '--force-conflicts', '-k', MANIFESTS);
    await kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s');
    for (const name of ['web', 'shop'])
      await create({
        apiVersion: 'seccomp-operator.dev/v1alpha1',
        kind: 'SeccompProfile',
        metadata: { name },
        spec: SPEC,
      });
    for (const name of ['web', 'shop']) await system.untilReady(name, 'True', 120_000);
    for (const node of NODES) expect(filesOf(node)).to.deep.equal(installed('web', 'shop'));
  }

  /** Every object of the API, Events aside: they end by themselves. */
  async function leftInCluster(): Promise<string[]> {
    const kinds = (await kubectl('api-resources', '--verbs=list', '-o', 'name')).trim().split('\n');
    const kept = kinds.filter(kind => !/^events(\.|$)/.test(kind));
    const { stdout } = await system.plane.tryKubectl(['get', kept.join(), '-A', '-o', 'name']);
    const taints = await kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].spec.taints[*].key}');
    return [...stdout.split('\n'), ...kinds, ...taints.split(' ')].filter(name => name.includes('seccomp'));
  }

  it('does nothing while Pods use profiles, and names them', async () => {
    await install();
    const seccompProfile = { type: 'Localhost', localhostProfile: 'operator/web.json' };
    const containers = [{ name: 'c', image: 'example.test/shop:1', securityContext: { seccompProfile } }];
    await create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'user', namespace: 'shop' },
      spec: { containers },
    });
    const { code, stdout, stderr } = await uninstall();
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.include('shop/user (operator/web.json)').and.to.include('--force');
    expect(await kubectl('get', 'deployment,daemonset', '-A', '-o', 'name')).to.match(/operator\n.*agent\n/);
    for (const node of NODES) expect(filesOf(node)).to.deep.equal(installed('web', 'shop'));
  });

  it('says what it would do', async () => {
    const { code, stdout, stderr } = await uninstall('--dry-run');
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: 'nothing was changed: --dry-run\n' });
    expect(stderr).to.include('2 to clean below /var/lib/kubelet/seccomp, 0 not heard').and.to.include('shop/user');
    for (const node of NODES) expect(filesOf(node)).to.deep.equal(installed('web', 'shop'));
  });

  it('says how it ended to a program', async () => {
    const dry = await uninstall('--dry-run', '-o', 'json');
    const unchanged = { state: 'Unchanged', message: 'nothing was changed: --dry-run', notHeard: [] };
    expect({ ...dry, stdout: JSON.parse(dry.stdout) }).to.deep.include({ code: 0, stdout: unchanged });
    const halted = await uninstall('-o', 'json');
    expect(halted.code).to.equal(1);
    expect(JSON.parse(halted.stdout)).to.deep.include({ state: 'Halted', notHeard: [] });
  });

  it('leaves nothing: files, finalizers, taints, policies, CRDs, namespaces; what is not ours stays', async () => {
    const [first, second] = NODES as [string, string];
    writeFileSync(join(system.nodes.get(second)?.files ?? '', 'foreign.json'), '{}');
    await kubectl(
      'taint',
      'node',
      first,
      'seccomp-operator.dev/not-ready=:PreferNoSchedule',
      'example.test/own=:NoSchedule',
    );
    const { code, stdout, stderr } = await uninstall('--force');
    expect(code, stderr).to.equal(0);
    expect(stdout).to.equal('seccomp-operator is uninstalled\n');
    expect(filesOf(first)).to.deep.equal([]);
    expect(filesOf(second)).to.deep.equal(['operator', 'operator/foreign.json']);
    rmSync(system.nodes.get(second)?.files ?? '', { recursive: true });
    expect(await leftInCluster()).to.deep.equal([]);
    expect(await kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].spec.taints[*].key}')).to.equal('example.test/own');
    expect(await kubectl('get', 'pod', '-n', 'shop', '-o', 'name')).to.equal('pod/user\n');
    for (const node of NODES) await until(`nothing runs on ${node}`, () => kubelets.programs(node).length === 0);
    await kubectl('taint', 'node', first, 'example.test/own-');
  });

  it('has nothing to do the second time', async () => {
    // Nothing says any more which profiles were ours, so the Pod counts.
    const { code, stderr } = await uninstall('--image=seccomp-operator:v0.1.0', '--force');
    expect(code, stderr).to.equal(0);
    expect(await leftInCluster()).to.deep.equal([]);
  });

  it('cleans up after somebody who has deleted the manifests first', async () => {
    await kubectl('delete', 'pod', 'user', '-n', 'shop', '--force', '--grace-period=0');
    await install();
    // In the order in which nothing is left to remove a file: how it ends otherwise is a race.
    await kubectl('delete', 'namespace', OPERATOR_NAMESPACE);
    await kubectl('delete', 'daemonset', 'seccomp-agent', '-n', AGENT_NAMESPACE);
    for (const node of NODES) await until(`nothing runs on ${node}`, () => kubelets.programs(node).length === 0);
    await kubectl('delete', '--ignore-not-found', '-k', MANIFESTS, '--wait=false');
    await until(
      'the namespaces are gone',
      async () => (await kubectl('get', 'ns', '-o', 'name')).match(/seccomp/) === null,
    );
    // The finalizers hold the CRD, and nobody is left who would take them off.
    expect(await leftInCluster()).to.include(
      'customresourcedefinition.apiextensions.k8s.io/seccompprofiles.seccomp-operator.dev',
    );
    for (const node of NODES) expect(filesOf(node)).to.include('operator/web.json');

    const asked = await uninstall();
    expect(asked.code).to.equal(1);
    expect(asked.stderr).to.include('--image');
    const { code, stderr } = await uninstall('--image=seccomp-operator:v0.1.0');
    expect(code, stderr).to.equal(0);
    for (const node of NODES) expect(filesOf(node)).to.deep.equal([]);
    expect(await leftInCluster()).to.deep.equal([]);
  });

  it('cleans a node that was off when it is back, and is done then', async () => {
    await install();
    await kubelets.switchOff('node-b');
    await system.setNodeReady('node-b', false);
    const { code, stderr } = await uninstall();
    expect(code, stderr).to.equal(1);
    expect(stderr).to.include('1 nodes are not heard: node-b').and.to.include('--leave-nodes');
    expect(filesOf('node-a')).to.deep.equal([]);
    expect(filesOf('node-b')).to.deep.equal(installed('web', 'shop'));
    // What waits for the node, and the rest of its namespace.
    const left = (await leftInCluster()).map(name => name.replace(/[./].*/, ''));
    const account = ['serviceaccount', 'role', 'rolebinding'];
    const inNamespace = ['pod', 'daemonset', 'controllerrevision', 'networkpolicy', ...account];
    expect([...new Set(left)]).to.have.members(['namespace', ...inNamespace]);
    expect(await kubectl('get', 'namespaces', '-o', 'name')).not.to.include(`${OPERATOR_NAMESPACE}\n`);

    kubelets.switchOn('node-b');
    await system.setNodeReady('node-b', true);
    await until('the node is clean', () => filesOf('node-b').length === 0);
    const again = await uninstall();
    expect(again.code, again.stderr).to.equal(0);
    expect(await leftInCluster()).to.deep.equal([]);
  });

  it('leaves a node that is off if it is told so, and says what to do there', async () => {
    await install();
    await kubelets.switchOff('node-b');
    await system.setNodeReady('node-b', false);
    const { code, stdout, stderr } = await uninstall('--leave-nodes');
    expect(code, stderr).to.equal(0);
    expect(stdout).to.include('node-b').and.to.include('rm -r /var/lib/kubelet/seccomp/operator');
    expect(await leftInCluster()).to.deep.equal([]);
    kubelets.switchOn('node-b');
    await system.setNodeReady('node-b', true);
    expect((await uninstall('--image=seccomp-operator:v0.1.0')).code).to.equal(0);
    expect(filesOf('node-b')).to.deep.equal([]);
  });

  it('goes on where it was killed', async () => {
    for (const moment of ['stopping the operator', 'removing files', 'removing profiles']) {
      await install();
      await start('--timeout=60').killAt(moment);
      const { code, stderr } = await uninstall('--image=seccomp-operator:v0.1.0');
      expect(code, `${moment}: ${stderr}`).to.equal(0);
      for (const node of NODES) expect(filesOf(node)).to.deep.equal([]);
      expect(await leftInCluster()).to.deep.equal([]);
    }
  });

  it('cleans nodes only, for helm uninstall: profiles stay, and can go', async () => {
    await install();
    const { code, stderr } = await uninstall('--nodes-only');
    expect(code, stderr).to.equal(0);
    for (const node of NODES) expect(filesOf(node)).to.deep.equal([]);
    expect(await kubectl('get', 'scp', '-o', 'jsonpath={.items[*].metadata.finalizers}')).to.equal('');
    expect(await kubectl('get', 'scp', '-o', 'name')).to.match(/shop\n.*web\n/);
    // Nobody holds them any more, and nothing says otherwise.
    const statuses = await kubectl('get', 'scp', '-o', 'jsonpath={.items[*].status}');
    expect(statuses).to.equal('{"observedGeneration":-1} {"observedGeneration":-1}');
    expect(await kubectl('get', 'scn', '-o', 'name')).to.equal('');
    expect(await kubectl('get', 'clusterroles', '-o', 'name')).to.include('seccomp-operator');
    await install();
    expect((await uninstall()).code).to.equal(0);
  });
});
