import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { AGENT_NAMESPACE } from '../../src/core/names.ts';
import { Cluster } from '../rig/cluster/cluster.ts';
import { Installation } from '../rig/cluster/installation.ts';
import { runHelm } from '../rig/helm-run.ts';
import { operatorImage } from '../rig/images/operator.ts';
import { Pods } from '../support/pods.ts';

const PROJECT = join(import.meta.dirname, '../..');
const CHART = join(PROJECT, 'charts/seccomp-operator');
const NODES = ['node-1', 'node-2'];
const SPEC = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] };

describe('uninstalling from real nodes', function () {
  this.timeout(300_000);
  let system: Installation;

  before(async () => {
    const { archive } = await operatorImage(() => {});
    system = new Installation(await Cluster.start({ nodes: 2, images: [archive] }));
  });
  after(() => system?.stop());

  const seccomp = (node: string) => join(system.node(node).profiles, '..');
  const files = (node: string) => (existsSync(seccomp(node)) ? readdirSync(seccomp(node)) : []);
  const helm = async (...args: string[]) => runHelm(system.plane, args);
  const uninstall = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>(resolve => {
      const program = [join(PROJECT, 'dist/kubectl-seccomp.js'), 'uninstall', '--timeout=60', ...args];
      const env = { ...process.env, KUBECONFIG: system.plane.kubeconfig };
      execFile(process.execPath, program, { env }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
    });

  describe('by helm uninstall', () => {
    before(async () => {
      const { code, stderr } = await helm('install', 'seccomp', CHART, '--wait', '--timeout=120s');
      expect(code, stderr).to.equal(0);
      await system.agentsRun();
      await system.profiles.install('web', SPEC);
    });

    it('is refused while a Pod uses a profile; the log of its Job says which', async () => {
      const pods = new Pods(system);
      await pods.create('user', ['sleep', '1000'], { profile: 'web', node: 'node-1' });
      await system.kubectl(['wait', '--for=condition=Ready', 'pod/user', '--timeout=60s']);
      const { code } = await helm('uninstall', 'seccomp');
      expect(code).to.equal(1);
      expect(await system.kubectl(['logs', 'job/seccomp-operator-uninstall'])).to.include('default/user');
      expect(await system.operators()).to.have.lengthOf(2);
      for (const node of NODES) expect(existsSync(system.file(node, 'web'))).to.equal(true);
      await system.kubectl(['delete', 'pod', 'user', '--force', '--grace-period=0']);
    });

    it('cleans every node, and leaves CRDs and profiles that another installation takes up', async () => {
      const { code, stderr } = await helm('uninstall', 'seccomp');
      expect(code, stderr).to.equal(0);
      for (const node of NODES) expect(files(node)).to.deep.equal([]);
      expect(await system.kubectl(['get', 'scp', '-o', 'name'])).to.include('/web\n');
      expect(await system.kubectl(['get', 'scp', 'web', '-o', 'jsonpath={.status}'])).to.equal(
        '{"observedGeneration":-1}',
      );
      expect(await system.kubectl(['get', 'clusterroles,jobs', '-A', '-o', 'name'])).not.to.include('seccomp');
    });
  });

  describe('by kubectl seccomp uninstall', () => {
    before(async () => {
      await system.kubectl(['wait', '--for=delete', `namespace/${AGENT_NAMESPACE}`, '--timeout=60s']);
      await system.kubectl(['apply', '--server-side', '--force-conflicts', '-k', join(PROJECT, 'manifests/base')]);
      await system.agentsRun();
      await system.profiles.install('web', SPEC);
    });

    it('cleans what can be reached, and the node whose kubelet is back later', async () => {
      // Its agent lives on.
      await system.node('node-2').kubelet.kill();
      await system.kubectl(['wait', '--for=condition=Ready=Unknown', 'node/node-2', '--timeout=120s']);
      const { code, stderr } = await uninstall();
      expect(code, stderr).to.equal(1);
      expect(stderr).to.include('1 nodes are not heard: node-2');
      expect(files('node-1')).to.deep.equal([]);
      system.node('node-2').startKubelet();
      await system.kubectl(['wait', '--for=condition=Ready', 'node/node-2', '--timeout=60s']);
      const again = await uninstall();
      expect(again.code, again.stderr).to.equal(0);
      expect(files('node-2')).to.deep.equal([]);
    });

    it('leaves nothing', async () => {
      const kinds = 'namespaces,crd,clusterroles,clusterrolebindings,validatingadmissionpolicies,flowschemas,pods';
      expect(await system.kubectl(['get', kinds, '-A', '-o', 'name'])).not.to.include('seccomp');
    });
  });
});
