import { copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Log } from '../../src/core/log.ts';
import { inClusterCredentials } from '../../src/kube/in-cluster.ts';
import { kubeconfigCredentials } from '../../src/kube/kubeconfig.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { Transport } from '../../src/kube/transport.ts';
import { type ControlPlane, startControlPlane } from '../rig/control-plane.ts';
import { until } from '../rig/until.ts';
import { Recorder } from './recorder.ts';
import { Sandbox } from './sandbox.ts';

describe('an API server whose certificate is of another authority than before', function () {
  this.timeout(180_000);
  let plane: ControlPlane;
  let mounted: string;
  let inCluster: Transport;

  before(async () => {
    plane = await startControlPlane();
    mounted = await mkdtemp(join(tmpdir(), 'service-account-'));
    const clusterAdmin = ['create', 'clusterrolebinding', 'test', '--clusterrole=cluster-admin'];
    await plane.kubectl(['create', 'serviceaccount', 'test', '-n', 'default']);
    await plane.kubectl([...clusterAdmin, '--serviceaccount=default:test']);
    await writeFile(join(mounted, 'token'), await plane.kubectl(['create', 'token', 'test', '-n', 'default']));
    await writeFile(join(mounted, 'namespace'), 'default');
    await copyFile(plane.caFile, join(mounted, 'ca.crt'));
    const { hostname, port } = new URL(plane.server);
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    inCluster = new Transport({ credentials: inClusterCredentials(env, mounted), userAgent: 'authority-test' });
  });

  after(async () => {
    inCluster?.close();
    await plane?.stop();
    await rm(mounted, { recursive: true, force: true });
  });

  it('is believed once the mounted ca.crt has it, by calls and by a watch under way, and not before', async () => {
    const sandbox = await Sandbox.make(inCluster);
    const recorder = new Recorder<string>();
    const troubles: string[] = [];
    const note = (_message: string, fields: object = {}) => troubles.push(JSON.stringify(fields));
    const log: Log = { debug: note, info: note, warn: note, error: note };
    const reflector = new Reflector<KubeObject, string>({
      transport: inCluster,
      path: sandbox.path,
      name: 'configmaps',
      project: ({ metadata }) => metadata.name,
      handler: recorder,
      log,
    });
    reflector.start();
    try {
      await reflector.whenSynced();
      await plane.changeAuthority();
      await until('the watch does not believe it', () => troubles.some(each => /certificate/.test(each)));
      const refused = await inCluster.request('GET', sandbox.path).catch(error => error as Error);
      expect(refused).to.be.instanceOf(Error).with.property('message').that.includes('certificate');

      // As the kubelet replaces it: in one step.
      await copyFile(plane.caFile, join(mounted, 'ca.new'));
      await rename(join(mounted, 'ca.new'), join(mounted, 'ca.crt'));
      await until('a call is answered', () => inCluster.request<object>('GET', sandbox.path));
      const admin = new Transport({ credentials: await kubeconfigCredentials(plane.kubeconfig), userAgent: 'admin' });
      await admin.request('POST', sandbox.path, { body: { metadata: { name: 'since-then' } } });
      admin.close();
      await recorder.untilTold('added', 'since-then');
    } finally {
      await reflector.stop();
    }
  });
});
