import { spawn } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Cluster } from '../rig/cluster/cluster.ts';
import { clusterDirectory, clusterGroup } from '../rig/cluster/remains.ts';
import { BUSYBOX } from '../rig/images/recipes.ts';
import { until } from '../rig/until.ts';

const CLUSTER_MODULE = join(import.meta.dirname, '../rig/cluster/cluster.ts');

describe('a cluster with real nodes', function () {
  this.timeout(300_000);

  describe('while it runs', () => {
    let cluster: Cluster;
    before(async () => {
      cluster = await Cluster.start({ nodes: 2 });
    });
    after(() => cluster?.stop());

    const run = (name: string, node: string, command: string, ...more: string[]) => {
      const overrides = JSON.stringify({ spec: { nodeName: node, terminationGracePeriodSeconds: 0 } });
      const flags = [`--image=${BUSYBOX.name}`, '--restart=Never', `--overrides=${overrides}`, ...more];
      return cluster.plane.kubectl(['run', name, ...flags, '--', 'sh', '-c', command]);
    };

    it('runs Pods that reach one another through a Service, and kubectl reaches them', async () => {
      await until('the service account', () => cluster.plane.kubectl(['get', 'serviceaccount', 'default']));
      const serve = 'mkdir /www && echo served > /www/index.html && exec httpd -f -p 8080 -h /www';
      await run('server', 'node-2', serve, '--port=8080', '--expose');
      await run('client', 'node-1', 'exec sleep 1000');
      await cluster.plane.kubectl(['wait', '--for=condition=Ready', 'pod/server', 'pod/client', '--timeout=60s']);
      const address = await cluster.plane.kubectl(['get', 'service', 'server', '-o', 'jsonpath={.spec.clusterIP}']);
      const request = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${address} 8080`;
      const answer = await until('the Service answers', async () =>
        cluster.plane.kubectl(['exec', 'client', '--', 'sh', '-c', request]),
      );
      expect(answer).to.include('served');
    });

    it('gives each node files, Pods and a runtime of its own', async () => {
      const [first, second] = [cluster.node('node-1'), cluster.node('node-2')];
      await first.run(['sh', '-c', 'echo here > /var/lib/kubelet/mark']);
      expect(existsSync(first.path('/var/lib/kubelet/mark'))).to.equal(true);
      expect(existsSync(second.path('/var/lib/kubelet/mark'))).to.equal(false);
      expect(existsSync('/var/lib/kubelet/mark')).to.equal(false);
    });

    it('takes a node in while it runs, with another root for its kubelet, and lets it go', async () => {
      const { name, kubeletRoot } = await cluster.addNode({ kubeletRoot: '/srv/kubelet' });
      await run('elsewhere', name, 'exec sleep 1000');
      await cluster.plane.kubectl(['wait', '--for=condition=Ready', 'pod/elsewhere', '--timeout=60s']);
      const pods = await cluster.node(name).run(['ls', join(kubeletRoot, 'pods')]);
      const uid = await cluster.plane.kubectl(['get', 'pod', 'elsewhere', '-o', 'jsonpath={.metadata.uid}']);
      expect(pods).to.include(uid);
      await cluster.removeNode(name);
      expect(await cluster.plane.kubectl(['get', 'nodes', '-o', 'name'])).to.equal('node/node-1\nnode/node-2\n');
    });
  });

  it('can give Pods with hostNetwork the machine’s network, and the other ones the cluster’s', async () => {
    const cluster = await Cluster.start({ hostNetwork: 'machine' });
    try {
      await until('the service account', () => cluster.plane.kubectl(['get', 'serviceaccount', 'default']));
      for (const [name, hostNetwork] of Object.entries({ host: true, own: false })) {
        const overrides = JSON.stringify({ spec: { hostNetwork, terminationGracePeriodSeconds: 0 } });
        const flags = [`--image=${BUSYBOX.name}`, '--restart=Never', `--overrides=${overrides}`];
        await cluster.plane.kubectl(['run', name, ...flags, '--', 'sleep', '1000']);
      }
      await cluster.plane.kubectl(['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=60s']);
      const networkOf = async (pod: string) =>
        (await cluster.plane.kubectl(['exec', pod, '--', 'readlink', '/proc/self/ns/net'])).trim();
      const machine = readlinkSync('/proc/self/ns/net');
      expect(await networkOf('host')).to.equal(machine);
      expect(await networkOf('own')).not.to.equal(machine);
      const reach = 'echo | nc -w 5 $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT';
      for (const pod of ['host', 'own']) await cluster.plane.kubectl(['exec', pod, '--', 'sh', '-c', reach]);
    } finally {
      await cluster.stop();
    }
  });

  it('leaves nothing when the process that keeps it is killed, also Pods', async () => {
    const source = `
      import { Cluster } from ${JSON.stringify(CLUSTER_MODULE)};
      const { plane, ...cluster } = await Cluster.start();
      await plane.kubectl(['create', 'deployment', 'pod', '--image=${BUSYBOX.name}', '--', 'sleep', '1000']);
      await plane.kubectl(['rollout', 'status', 'deployment/pod', '--timeout=60s']);
      console.log(cluster.name);
      await new Promise(() => setInterval(() => {}, 1000));`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [name] = (await owner.stdout.setEncoding('utf8').take(1).toArray()).map(line => line.trim()) as [string];
    const group = clusterGroup(name);
    expect(group.pids()).not.to.deep.equal([]);
    owner.kill('SIGKILL');
    await until('its files are gone', () => !existsSync(clusterDirectory(name)));
    expect(group.pids()).to.deep.equal([]);
    expect(existsSync(group.membership)).to.equal(false);
  });

  it('says which versions of Kubernetes it can be of', async () => {
    const error = await Cluster.start({ kubernetes: 'v1.20' }).catch((reason: Error) => reason);
    expect(String(error)).to.match(/v1\.20 is not known here, only v1\.\d+/);
  });
});
