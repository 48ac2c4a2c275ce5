import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../../src/core/names.ts';
import { Installation, type PodObject } from '../rig/cluster/installation.ts';
import { BUSYBOX } from '../rig/images/recipes.ts';
import { until } from '../rig/until.ts';
import { allowedOf, requestWith } from '../support/token.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const NODES = ['node-1', 'node-2'];

describe('installed on two real nodes by kubectl apply -k manifests/base', function () {
  this.timeout(300_000);
  let system: Installation;
  before(async () => {
    system = await Installation.start();
  });
  after(() => system?.stop());

  it('runs two operators and an agent a node, from the one image', async () => {
    const operators = await system.operators();
    const agents = await Promise.all(NODES.map(node => system.agent(node)));
    expect(operators.map(({ spec }) => spec.nodeName)).to.have.members(NODES);
    for (const { spec, status } of [...operators, ...agents]) {
      expect(spec.containers[0]?.image).to.equal('seccomp-operator:v0.1.0');
      expect(status.containerStatuses?.[0]).to.include({ ready: true, restartCount: 0 });
    }
  });

  it('brings every example to Ready, as the same file on both nodes', async () => {
    const files = (await readdir(EXAMPLES)).filter(name => name.endsWith('.yaml'));
    for (const file of files) await system.kubectl(['apply', '-f', join(EXAMPLES, file)]);
    await system.kubectl(['wait', '--for=condition=Ready', 'seccompprofiles', '--all', '--timeout=60s']);
    const all = ['get', 'seccompprofiles', '-o', 'jsonpath={.items[*].metadata.name}'];
    const names = (await system.kubectl(all)).split(' ');
    expect(names).to.include('seed').and.to.have.length.of.at.least(files.length);
    for (const name of names) {
      const texts = await Promise.all(NODES.map(node => system.read(node, name)));
      expect(texts[0]).to.equal(texts[1]);
    }
  });

  it('writes of the seed what the seed says', async () => {
    const wanted = JSON.parse(await readFile(join(EXAMPLES, 'seed-profile.json'), 'utf8'));
    const written = JSON.parse(await system.read('node-1', 'seed'));
    expect(written.defaultAction).to.equal(wanted.defaultAction);
    expect(written.defaultErrnoRet).to.equal(wanted.defaultErrnoRet);
    expect(written.architectures).to.have.members(wanted.architectures);
    const calls = (rules: { names: string[] }[]) => rules.map(({ names }) => [...names].sort());
    expect(calls(written.syscalls)).to.deep.equal(calls(wanted.syscalls));
  });

  describe('its processes', () => {
    const components: [string, () => Promise<PodObject>, string][] = [
      ['operator', async () => (await system.operators())[0] as PodObject, '65532'],
      ['agent', () => system.agent('node-1'), '0'],
    ];
    for (const [name, find, uid] of components)
      it(`have no capability, no way to gain one and a filter of their own: ${name}`, async () => {
        const status = await readFile(`/proc/${await system.pid(await find())}/status`, 'utf8');
        const field = (key: string) => status.match(new RegExp(`^${key}:\\s*(.*)$`, 'm'))?.[1];
        for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
          expect(field(set), set).to.equal('0000000000000000');
        expect(field('NoNewPrivs')).to.equal('1');
        expect(field('Seccomp')).to.equal('2');
        expect(field('Uid')?.split('\t')).to.deep.equal(Array(4).fill(uid));
      });

    it('can write to one directory of the node, and the operator to none', async () => {
      const agent = await writableMounts(await system.pid(await system.agent('node-1')));
      expect(agent).to.deep.equal(['/var/lib/kubelet/seccomp']);
      const [operator] = (await system.operators()) as [PodObject];
      expect(await writableMounts(await system.pid(operator))).to.deep.equal([]);
    });
  });

  describe('the operator’s namespace', () => {
    const pod = (name: string, securityContext: object) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: OPERATOR_NAMESPACE },
        spec: { containers: [{ name: 'c', image: BUSYBOX.name, securityContext }] },
      });

    it('enforces Pod Security “restricted”', async () => {
      const outcome = await system.plane.tryKubectl(['create', '-f', '-'], pod('root', { runAsUser: 0 }));
      expect(outcome.code).not.to.equal(0);
      expect(outcome.stderr).to.include('violates PodSecurity "restricted:latest"');
    });

    it('lets one operator be evicted, and not both at once', async () => {
      const [first, second] = (await system.operators()) as [PodObject, PodObject];
      const evict = ({ metadata: { name, namespace } }: PodObject) =>
        system.plane.tryKubectl(
          ['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, '-f', '-'],
          JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }),
        );
      // Nothing takes the place of the first one before the second is asked to go.
      await system.kubectl(['cordon', ...NODES]);
      await until('one may go', async () => (await evict(first)).code === 0);
      const refused = await evict(second);
      expect(refused.stderr).to.include("Cannot evict pod as it would violate the pod's disruption budget");
      await system.kubectl(['uncordon', ...NODES]);
      await system.kubectl(['-n', OPERATOR_NAMESPACE, 'rollout', 'status', 'deployment', '--timeout=60s']);
    });
  });

  // The network of this cluster enforces none.
  describe('the NetworkPolicies', () => {
    interface Rule {
      ports: { port: number; protocol: string }[];
    }
    interface Policy {
      spec: { podSelector: object; policyTypes: string[]; ingress: Rule[]; egress: Rule[] };
    }
    const only = async (namespace: string) => {
      const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
      const { items } = await system.plane.get<{ items: Policy[] }>(path);
      expect(items).to.have.length(1);
      const { podSelector, policyTypes, ingress, egress } = (items[0] as Policy).spec;
      expect(podSelector, 'all Pods').to.deep.equal({});
      expect(policyTypes).to.have.members(['Ingress', 'Egress']);
      const ports = (rules: Rule[]) =>
        rules.flatMap(rule => rule.ports.map(({ protocol, port }) => `${protocol} ${port}`));
      return { ingress: ports(ingress), egress: ports(egress) };
    };

    for (const namespace of [OPERATOR_NAMESPACE, AGENT_NAMESPACE]) {
      it(`let Pods be called at the ports that they name, and no others: ${namespace}`, async () => {
        const pods = await system.pods(namespace);
        const named = pods.flatMap(({ spec }) => spec.containers.flatMap(({ ports = [] }) => ports));
        const wanted = new Set(named.map(({ containerPort, protocol }) => `${protocol} ${containerPort}`));
        expect((await only(namespace)).ingress).to.have.members([...wanted]);
      });

      it(`let them call the API server, as its Service and as itself: ${namespace}`, async () => {
        const list = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes';
        const server = await system.plane.get<{ ports: { port: number; protocol: string }[] }>(list);
        const wanted = ['TCP 443', ...server.ports.map(({ port, protocol }) => `${protocol} ${port}`)];
        expect((await only(namespace)).egress).to.include.members(wanted);
      });
    }
  });

  describe('the token in an agent’s container', () => {
    let token: string;
    before(async () => {
      const pid = await system.pid(await system.agent('node-1'));
      token = await readFile(`/proc/${pid}/root/var/run/secrets/kubernetes.io/serviceaccount/token`, 'utf8');
    });

    it('may do nothing but its work that other service accounts may not, of all verbs on all resources', async () => {
      const namespaces = [AGENT_NAMESPACE, OPERATOR_NAMESPACE, 'kube-system'];
      const another = (await system.kubectl(['create', 'token', 'default', '-n', 'default'])).trim();
      const everybody = await allowedOf(system.plane, another, namespaces);
      const own = (await allowedOf(system.plane, token, namespaces)).filter(each => !everybody.includes(each));
      expect(own).to.have.members([
        `get configmaps in ${AGENT_NAMESPACE}`,
        `list configmaps in ${AGENT_NAMESPACE}`,
        `watch configmaps in ${AGENT_NAMESPACE}`,
        'get seccompnodes.seccomp-operator.dev',
        'patch seccompnodes.seccomp-operator.dev/status',
      ]);
      expect(everybody.filter(each => !/^create selfsubject|clustertrustbundles/.test(each))).to.deep.equal([]);
    });

    const report = (node: string) => `/apis/seccomp-operator.dev/v1alpha1/seccompnodes/${node}/status?dryRun=All`;
    const patch = { status: { agentVersion: 'forged' } };
    const refused: [string, string, string, object?][] = [
      ['another node’s report', 'PATCH', report('node-2'), patch],
      [
        'its own SeccompNode’s labels',
        'PATCH',
        '/apis/seccomp-operator.dev/v1alpha1/seccompnodes/node-1',
        { metadata: { labels: { a: 'b' } } },
      ],
      ['Secrets of its namespace', 'GET', `/api/v1/namespaces/${AGENT_NAMESPACE}/secrets`],
      ['Secrets of all namespaces', 'GET', '/api/v1/secrets'],
      ['ConfigMaps of the operator', 'GET', `/api/v1/namespaces/${OPERATOR_NAMESPACE}/configmaps`],
      ['ConfigMaps of all namespaces', 'GET', '/api/v1/configmaps'],
      ['a rendered profile', 'PATCH', `/api/v1/namespaces/${AGENT_NAMESPACE}/configmaps/profile-seed`, { data: {} }],
      ['Nodes', 'GET', '/api/v1/nodes'],
      ['its own Node', 'PATCH', '/api/v1/nodes/node-1', { metadata: { labels: { a: 'b' } } }],
      ['profiles', 'GET', '/apis/seccomp-operator.dev/v1alpha1/seccompprofiles'],
      ['a profile', 'DELETE', '/apis/seccomp-operator.dev/v1alpha1/seccompprofiles/seed'],
      ['Pods', 'GET', '/api/v1/pods'],
    ];
    for (const [what, method, path, body] of refused)
      it(`is refused: ${method} ${what}`, async () => {
        expect(await requestWith(system.plane, token, method, path, body)).to.equal(403);
      });

    it('is good for its own node’s report', async () => {
      expect(await requestWith(system.plane, token, 'PATCH', report('node-1'), patch)).to.equal(200);
    });
  });
});

/** Directories of the node that a container can write to: what is neither its own nor of the kernel (proc_pid_mountinfo(5)). */
async function writableMounts(pid: number): Promise<string[]> {
  const own = ['/', '/dev', '/proc', '/sys', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf', '/run/secrets'];
  const mounts = (await readFile(`/proc/${pid}/mountinfo`, 'utf8'))
    .trim()
    .split('\n')
    .map(line => line.split(' '));
  const root = mounts.find(([, , , , point]) => point === '/');
  expect(root?.[5]?.split(','), 'options of its root').to.include('ro');
  return mounts
    .filter(([, , , , , options]) => options?.split(',').includes('rw'))
    .map(([, , , , point]) => point ?? '')
    .filter(point => !own.some(each => point === each || (each !== '/' && point.startsWith(`${each}/`))));
}
