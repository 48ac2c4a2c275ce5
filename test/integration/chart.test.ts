import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { type ControlPlane, startControlPlane } from '../rig/control-plane.ts';
import { findHelm } from '../rig/helm.ts';
import { runHelm as runHelmOn } from '../rig/helm-run.ts';
import { until } from '../rig/until.ts';

const PROJECT = join(import.meta.dirname, '../..');
const CHART = join(PROJECT, 'charts/seccomp-operator');

interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  data?: Record<string, string>;
  spec?: {
    template: { spec: Record<string, unknown> & { containers: Record<string, unknown>[] } };
    replicas?: number;
    egress?: unknown;
    ingress?: unknown;
  };
}

describe('the Helm chart', function () {
  this.timeout(120_000);
  let plane: ControlPlane;

  before(async function () {
    this.timeout(0); // Helm and the control plane may have to be built first.
    await findHelm(() => {});
    plane = await startControlPlane();
  });

  after(() => plane?.stop());

  const tryHelm = (...args: string[]) => runHelmOn(plane, args);
  const runHelm = async (...args: string[]) => {
    const { code, stdout, stderr } = await tryHelm(...args);
    expect(code, stderr).to.equal(0);
    return stdout;
  };
  const render = async (...flags: string[]) => manifests(await runHelm('template', 'seccomp', CHART, ...flags));
  const keyOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
  const byKey = (objects: Manifest[]) => new Map(objects.map(object => [keyOf(object), object]));
  const deployment = (objects: Manifest[]) => objects.find(({ kind }) => kind === 'Deployment')?.spec;
  const agentYaml = ({ data }: Manifest) => parse(data?.['agent.yaml'] ?? '');

  describe('rendered', () => {
    it('has the objects of manifests/base, field by field', async () => {
      const rendered = byKey(await render());
      const base = byKey(manifests(await plane.kubectl(['kustomize', join(PROJECT, 'manifests/base')])));
      expect([...rendered.keys()]).to.have.members([...base.keys()]);
      for (const [key, object] of base) {
        const ours = rendered.get(key) as Manifest;
        if (object.kind === 'CustomResourceDefinition') {
          expect(ours.metadata.annotations).to.deep.equal({ 'helm.sh/resource-policy': 'keep' });
          delete ours.metadata.annotations;
        }
        if (object.kind === 'ConfigMap') {
          expect(agentYaml(ours)).to.deep.equal(agentYaml(object));
          ours.data = object.data as Record<string, string>;
        }
        expect(ours, key).to.deep.equal(object);
      }
    });

    it('passes its own lint', async () => {
      expect(await runHelm('lint', '--strict', CHART)).to.include('0 chart(s) failed');
    });

    const changes: [what: string, flags: string[], of: (objects: Manifest[]) => unknown, expected: unknown][] = [
      [
        'an image of one’s own, which the agents have too',
        ['--set=image.repository=registry.example.com/s', '--set=image.tag=v9'],
        objects => deployment(objects)?.template.spec.containers[0]?.['image'],
        'registry.example.com/s:v9',
      ],
      [
        'an image by digest',
        [`--set=image.digest=sha256:${'a'.repeat(64)}`],
        objects => deployment(objects)?.template.spec.containers[0]?.['image'],
        `seccomp-operator@sha256:${'a'.repeat(64)}`,
      ],
      [
        'pull policy and secrets',
        ['--set=image.pullPolicy=Always', '--set=image.pullSecrets[0].name=registry'],
        objects => {
          const pod = deployment(objects)?.template.spec;
          return [pod?.['imagePullSecrets'], pod?.containers[0]?.['imagePullPolicy']];
        },
        [[{ name: 'registry' }], 'Always'],
      ],
      ['a number of replicas', ['--set=replicas=1'], objects => deployment(objects)?.replicas, 1],
      [
        'where the operator runs',
        ['--set=nodeSelector.pool=system', '--set=tolerations[0].operator=Exists', '--set=priorityClassName='],
        objects => {
          const pod = deployment(objects)?.template.spec;
          return [pod?.['nodeSelector'], pod?.['tolerations'], pod?.['priorityClassName']];
        },
        [{ pool: 'system' }, [{ operator: 'Exists' }], undefined],
      ],
      [
        'settings of the agents, beside the others',
        ['--set=agent.kubeletRoot=/srv/kubelet', '--set=agent.nodeSelector.pool=apps'],
        objects => {
          const config = agentYaml(objects.find(({ kind }) => kind === 'ConfigMap') as Manifest);
          return [config.kubeletRoot, config.nodeSelector, config.logLevel];
        },
        ['/srv/kubelet', { 'kubernetes.io/os': 'linux', pool: 'apps' }, 'info'],
      ],
      [
        'another port of the API server, and metrics for some only',
        ['--set=networkPolicy.apiServerPorts={2040}', '--set=networkPolicy.metricsFrom[0].podSelector.matchLabels.a=b'],
        objects => {
          const { egress, ingress } = objects.find(({ kind }) => kind === 'NetworkPolicy')?.spec ?? {};
          return [egress, ingress];
        },
        [
          [{ ports: [{ protocol: 'TCP', port: 2040 }] }],
          [{ ports: [{ protocol: 'TCP', port: 9180 }], from: [{ podSelector: { matchLabels: { a: 'b' } } }] }],
        ],
      ],
      [
        'no NetworkPolicies',
        ['--set=networkPolicy.enabled=false'],
        objects => objects.filter(({ kind }) => kind === 'NetworkPolicy').length,
        0,
      ],
      [
        'limits of profiles, with denied calls of one’s own',
        ['--set=profileLimits.enabled=true', '--set=profileLimits.limits.deniedCalls=bpf mount'],
        objects => {
          const limits = objects.filter(({ metadata }) => metadata.name === 'seccomp-profile-limits');
          const [config] = limits as (Manifest & { data?: Record<string, string> })[];
          return [limits.map(({ kind }) => kind), config?.data?.['deniedCalls'], config?.data?.['owners']];
        },
        [['ConfigMap', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'], 'bpf mount', 'system:masters'],
      ],
      [
        'no CRDs',
        ['--set=crds.install=false'],
        objects => objects.filter(({ kind }) => kind === 'CustomResourceDefinition').length,
        0,
      ],
      [
        'CRDs that go with the release',
        ['--set=crds.keep=false'],
        objects => objects.filter(({ metadata }) => metadata.annotations).length,
        0,
      ],
      [
        'no namespace that Helm makes itself',
        ['--namespace=seccomp-operator'],
        objects => objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name),
        ['seccomp-operator-agents'],
      ],
    ];
    for (const [what, flags, of, expected] of changes) {
      it(`can have ${what}`, async () => {
        expect(of(await render(...flags))).to.deep.equal(expected);
      });
    }

    const refused: [what: string, flag: string, message: RegExp][] = [
      ['a value that there is not', '--set=replica=3', /additional properties 'replica' not allowed/],
      ['a setting of the agents that there is not', '--set=agent.kubeletDir=/x', /agent.*'kubeletDir' not allowed/],
      ['a kubelet root that is no path', '--set=agent.kubeletRoot=var/lib', /agent\/kubeletRoot.*does not match/],
      ['a log level that there is not', '--set=agent.logLevel=trace', /agent\/logLevel.*must be one of/],
      ['a digest that is none', '--set=image.digest=abc', /image\/digest.*does not match/],
      ['a port that there is not', '--set=networkPolicy.apiServerPorts={70000}', /apiServerPorts\/0.*maximum/],
      ['no replica', '--set=replicas=0', /replicas.*minimum/],
    ];
    for (const [what, flag, message] of refused) {
      it(`refuses ${what}, and names it`, async () => {
        const { code, stderr } = await tryHelm('template', 'seccomp', CHART, flag);
        expect(code).to.equal(1);
        expect(stderr.replaceAll('\n', ' ')).to.match(message);
      });
    }
  });

  describe('on an API server', () => {
    const crd = async () =>
      JSON.parse(await plane.kubectl(['get', 'crd', 'seccompprofiles.seccomp-operator.dev', '-o', 'json']));
    const established = () => plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
    const profile = { apiVersion: 'seccomp-operator.dev/v1alpha1', kind: 'SeccompProfile', metadata: { name: 'kept' } };
    const names = async (kinds: string) => {
      const found = await plane.kubectl(['get', kinds, '-A', '-o', 'name']);
      return found.split('\n').filter(name => name.includes('seccomp'));
    };

    it('installs from what was an older chart, and says what to do next', async () => {
      const older = join(plane.directory, 'older');
      await cp(CHART, older, { recursive: true });
      const file = join(older, 'templates/crds/seccompprofiles.yaml');
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace('shortNames: [scp]', 'shortNames: [old]'));
      const notes = await runHelm('install', 'seccomp', older, '--set=image.repository=registry.example.com/s');
      expect(notes).to.include('kubectl -n seccomp-operator rollout status deployment/seccomp-operator');
      expect(notes).not.to.include('No image is published');
      await established();
      expect((await crd()).spec.names.shortNames).to.deep.equal(['old']);
      const spec = { defaultAction: 'SCMP_ACT_LOG' };
      await plane.kubectl(['create', '-f', '-'], JSON.stringify({ ...profile, spec }));
    });

    it('upgrades, CRDs too, with every profile kept', async () => {
      await runHelm('upgrade', 'seccomp', CHART, '--set=replicas=3');
      expect((await crd()).spec.names.shortNames).to.deep.equal(['scp']);
      expect(await names('seccompprofiles')).to.have.lengthOf(1);
      const live = JSON.parse(await plane.kubectl(['get', 'deployment', '-n', 'seccomp-operator', '-o', 'json']));
      expect(live.items[0].spec.replicas).to.equal(3);
      expect(live.items[0].spec.template.spec.containers[0].image).to.equal('seccomp-operator:v0.1.0');
    });

    it('rolls back to the release before', async () => {
      await runHelm('rollback', 'seccomp', '1');
      const live = JSON.parse(await plane.kubectl(['get', 'deployment', '-n', 'seccomp-operator', '-o', 'json']));
      expect(live.items[0].spec.replicas).to.equal(2);
      expect(live.items[0].spec.template.spec.containers[0].image).to.equal('registry.example.com/s:v0.1.0');
      expect(await names('seccompprofiles')).to.have.lengthOf(1);
      await runHelm('upgrade', 'seccomp', CHART);
    });

    it('uninstalls all but CRDs and profiles, which another installation takes over', async () => {
      await runHelm('uninstall', 'seccomp', '--no-hooks');
      const kinds = ['clusterroles', 'clusterrolebindings', 'deployments', 'validatingadmissionpolicies'];
      expect(await names(kinds.join())).to.deep.equal([]);
      expect(await names('crd,seccompprofiles')).to.have.lengthOf(4);
      // No controller runs here that would end them.
      for (const name of ['seccomp-operator', 'seccomp-operator-agents']) await endNamespace(name);
      await runHelm('install', 'seccomp', CHART);
      expect(await names('clusterroles')).to.include('clusterrole.rbac.authorization.k8s.io/seccomp-operator');
    });

    it('takes over what kubectl apply -k has installed', async () => {
      await runHelm('uninstall', 'seccomp', '--no-hooks');
      for (const name of ['seccomp-operator', 'seccomp-operator-agents']) await endNamespace(name);
      await plane.kubectl(['apply', '--server-side', '--force-conflicts', '-k', join(PROJECT, 'manifests/base')]);
      const { stderr } = await tryHelm('install', 'seccomp', CHART);
      expect(stderr).to.include('invalid ownership metadata');
      await runHelm('install', 'seccomp', CHART, '--take-ownership', '--force-conflicts');
      expect(await runHelm('list', '-o', 'json')).to.include('deployed');
    });

    async function endNamespace(name: string): Promise<void> {
      await until(`namespace ${name} is gone`, async () => {
        const { code, stdout } = await plane.tryKubectl(['get', 'namespace', name, '-o', 'json']);
        if (code !== 0) return true;
        for (const kind of [
          'deployments',
          'configmaps',
          'serviceaccounts',
          'roles',
          'rolebindings',
          'poddisruptionbudgets',
          'networkpolicies',
        ])
          await plane.kubectl(['delete', kind, '--all', '-n', name, '--wait=false']);
        const body = JSON.stringify({ ...JSON.parse(stdout), spec: { finalizers: [] } });
        await plane.tryKubectl(['replace', '--raw', `/api/v1/namespaces/${name}/finalize`, '-f', '-'], body);
        return false;
      });
    }
  });
});

/** The objects, without those that only a hook makes. */
function manifests(text: string): Manifest[] {
  const all = parseAllDocuments(text).map(document => document.toJS() as Manifest | null);
  return all.filter((each): each is Manifest => each !== null && !each.metadata.annotations?.['helm.sh/hook']);
}
