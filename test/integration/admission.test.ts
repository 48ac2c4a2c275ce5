import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { AGENT_NAMESPACE } from '../../src/core/names.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const PROJECT = join(import.meta.dirname, '../..');
const OPERATOR = '--as=system:serviceaccount:seccomp-operator:seccomp-operator';
const AUTHOR = ['--as=ann', '--as-group=authors', '--as-group=system:authenticated'];

type Fields = Record<string, unknown>;

const rule = (action: string, ...names: string[]) => ({ names, action: `SCMP_ACT_${action}` });
const profile = (spec: Fields, name = 'shop') =>
  JSON.stringify({ apiVersion: 'seccomp-operator.dev/v1alpha1', kind: 'SeccompProfile', metadata: { name }, spec });
const allowing = (...names: string[]): Fields => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [rule('ALLOW', 'read', ...names)],
});

describe('who may write what', function () {
  this.timeout(60_000);
  let system: System;
  let denied: string[];

  before(async function () {
    this.timeout(0);
    system = await System.install({ controllers: ['clusterrole-aggregation-controller'] });
    const { plane } = system;
    const folder = mkdtempSync(join(PROJECT, 'dist/kustomization-'));
    try {
      const components = [relative(folder, join(PROJECT, 'manifests/components/profile-limits'))];
      const resources = [relative(folder, join(PROJECT, 'manifests/base'))];
      const kustomization = {
        apiVersion: 'kustomize.config.k8s.io/v1beta1',
        kind: 'Kustomization',
        resources,
        components,
      };
      writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
      await plane.kubectl(['apply', '--server-side', '-k', folder]);
    } finally {
      rmSync(folder, { recursive: true });
    }
    for (const [role, group] of [
      ['seccomp-operator-author', 'authors'],
      ['edit', 'editors'],
      ['admin', 'tenants'],
      ['view', 'viewers'],
    ])
      await plane.kubectl(['create', 'clusterrolebinding', `${group}`, `--clusterrole=${role}`, `--group=${group}`]);
    const limits = [
      'get',
      'cm',
      'seccomp-profile-limits',
      '-n',
      'seccomp-operator',
      '-o',
      'jsonpath={.data.deniedCalls}',
    ];
    denied = (await plane.kubectl(limits)).split(' ');
    await until('the limits are in force', async () => (await apply(allowing('bpf'))).code !== 0);
  });

  after(async () => {
    await system?.stop();
  });

  const apply = (spec: Fields, name = 'shop', who: readonly string[] = AUTHOR) =>
    system.plane.tryKubectl(['apply', '--dry-run=server', '-f', '-', ...who], profile(spec, name));
  const limit = (data: Fields) =>
    system.plane.kubectl([
      ...['patch', 'cm', 'seccomp-profile-limits', '-n', 'seccomp-operator', '--type=merge', '-p'],
      JSON.stringify({ data }),
    ]);

  describe('profiles', () => {
    const may: [who: string, verb: string, resource: string, expected: 'yes' | 'no'][] = [
      ['viewers', 'list', 'seccompprofiles', 'yes'],
      ['viewers', 'get', 'seccompnodes', 'yes'],
      ['viewers', 'create', 'seccompprofiles', 'no'],
      // What one may edit in namespaces says nothing about every node.
      ['editors', 'list', 'seccompprofiles', 'yes'],
      ['editors', 'create', 'seccompprofiles', 'no'],
      ['tenants', 'patch', 'seccompprofiles', 'no'],
      ['tenants', 'patch', 'seccompnodes/status', 'no'],
      ['authors', 'create', 'seccompprofiles', 'yes'],
      ['authors', 'delete', 'seccompprofiles', 'yes'],
      ['authors', 'patch', 'seccompprofiles/status', 'no'],
      ['authors', 'create', 'seccompnodes', 'no'],
    ];
    for (const [who, verb, resource, expected] of may) {
      it(`${expected === 'yes' ? 'may' : 'may not'}: ${who} ${verb} ${resource}`, async () => {
        const [plural = '', subresource] = resource.split('/');
        const part = subresource ? [`--subresource=${subresource}`] : [];
        const ask = ['auth', 'can-i', verb, plural, ...part, '--as=ann', `--as-group=${who}`];
        await until(`kubectl ${ask.join(' ')} says ${expected}`, async () => {
          return (await system.plane.tryKubectl(ask)).stdout.trim() === expected;
        });
      });
    }
  });

  describe('rendered profiles', () => {
    const configMap = (text: string, labels: Fields = { 'seccomp-operator.dev/rendered': 'true' }) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'profile-web', namespace: AGENT_NAMESPACE, labels },
        data: { 'profile.json': text },
      });
    const MESSAGE = 'only the operator writes rendered profiles: change the SeccompProfile that profile-web is made of';
    const edit = ['-n', AGENT_NAMESPACE, 'cm/profile-web'];

    before(() => system.plane.kubectl(['create', '-f', '-', OPERATOR], configMap('one')));

    const refused: [what: string, args: string[], input?: string][] = [
      ['an edit by an administrator', ['patch', ...edit, '--type=merge', '-p', '{"data":{"profile.json":"{}"}}']],
      ['a label taken away', ['label', ...edit, 'seccomp-operator.dev/rendered-']],
      ['another label', ['label', ...edit, '--overwrite', 'seccomp-operator.dev/rendered=node-a']],
      ['an annotation', ['annotate', ...edit, 'seccomp-operator.dev/report-spread-ms=1']],
      ['one made by hand', ['create', '-f', '-'], configMap('two').replace('profile-web', 'profile-web.x')],
    ];
    for (const [what, args, input] of refused) {
      it(`are guarded against ${what}`, async () => {
        const { stderr } = await system.plane.tryKubectl(args, input);
        expect(stderr).to.contain(MESSAGE.replace('profile-web', input ? 'profile-web.x' : 'profile-web'));
      });
    }

    it('leave the operator, and ConfigMaps of others, alone', async () => {
      await system.plane.kubectl(['replace', '-f', '-', OPERATOR], configMap('three'));
      await system.plane.kubectl(['create', 'cm', 'mine', '-n', AGENT_NAMESPACE]);
      await system.plane.kubectl(['create', 'cm', 'mine', '-n', 'default']);
    });

    it('can be deleted, which an uninstall does', async () => {
      await system.plane.kubectl(['delete', '-n', AGENT_NAMESPACE, 'cm', 'profile-web']);
    });

    it('can be written in an emergency, once the binding is gone', async () => {
      const binding = ['get', 'validatingadmissionpolicybinding', 'seccomp-rendered-profiles', '-o', 'json'];
      const { metadata, ...rest } = JSON.parse(await system.plane.kubectl(binding));
      await system.plane.kubectl(binding.slice(0, 3).with(0, 'delete'));
      await until('it is let through', async () => {
        return (await system.plane.tryKubectl(['create', '-f', '-'], configMap('by hand'))).code === 0;
      });
      await system.plane.kubectl(['create', '-f', '-'], JSON.stringify({ ...rest, metadata: { name: metadata.name } }));
    });
  });

  describe('limits of profiles', () => {
    const refusing = () => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule('ERRNO', ...denied)] });

    const refused: [what: string, spec: () => Fields, message: string][] = [
      ['a denied call that is allowed', () => allowing('bpf'), 'no profile may let through bpf: take them out'],
      ['one that is logged', () => ({ ...allowing(), syscalls: [rule('LOG', 'ptrace')] }), 'let through ptrace'],
      [
        'one under conditions',
        () => ({
          ...allowing(),
          syscalls: [{ ...rule('ALLOW', 'setns'), args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] }],
        }),
        'let through setns',
      ],
      ['a default that allows', () => ({ defaultAction: 'SCMP_ACT_ALLOW' }), 'without args has to refuse add_key, bpf'],
      [
        'one that refuses them only under conditions',
        () => ({
          defaultAction: 'SCMP_ACT_LOG',
          syscalls: [{ ...rule('ERRNO', ...denied), args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] }],
        }),
        'has to refuse add_key',
      ],
      [
        'a default that is not listed',
        () => ({
          defaultAction: 'SCMP_ACT_NOTIFY',
          listenerPath: '/run/agent.sock',
          syscalls: [rule('ERRNO', ...denied)],
        }),
        'spec.defaultAction: SCMP_ACT_NOTIFY is not allowed here; use one of SCMP_ACT_ERRNO',
      ],
    ];
    for (const [what, spec, message] of refused) {
      it(`refuse ${what}`, async () => {
        expect((await apply(spec())).stderr).to.contain(message);
      });
    }

    it('let through what keeps to them, also as a deny list', async () => {
      expect((await apply(allowing('write'))).stderr).not.to.contain('denied');
      expect((await apply(refusing())).code).to.equal(0);
    });

    it('are not for owners', async () => {
      expect((await apply(allowing('bpf'), 'shop', [])).code).to.equal(0);
      await limit({ owners: 'system:masters authors' });
      await until('the group is an owner', async () => (await apply(allowing('bpf'))).code === 0);
      await limit({ owners: 'system:masters' });
      await until('it is none', async () => (await apply(allowing('bpf'))).code !== 0);
    });

    it('reserve names, also against deletion', async () => {
      expect((await apply(allowing(), 'platform-web')).stderr).to.contain('reserved for system:masters');
      await system.plane.kubectl(['apply', '-f', '-'], profile(allowing('bpf'), 'platform-base'));
      const { stderr } = await system.plane.tryKubectl(['delete', 'scp', 'platform-base', ...AUTHOR]);
      expect(stderr).to.contain('reserved for system:masters');
    });

    it('leave the operator’s part of a profile alone', async () => {
      await system.plane.kubectl([
        ...['patch', 'scp', 'platform-base', '--type=merge', '-p', '{"metadata":{"finalizers":["example.com/kept"]}}'],
        OPERATOR,
      ]);
      const release = ['patch', 'scp', 'platform-base', '--type=merge', '-p', '{"metadata":{"finalizers":null}}'];
      await system.plane.kubectl([...release, OPERATOR]);
    });

    it('can refuse Audit and rollouts', async () => {
      expect((await apply({ ...allowing(), mode: 'Audit' })).code).to.equal(0);
      await limit({ audit: 'refused' });
      await until('Audit is refused', async () => (await apply({ ...allowing(), mode: 'Audit' })).code !== 0);
      const rollout = { stages: [{ mode: 'Enforce', soak: '1h' }] };
      expect((await apply({ ...allowing(), rollout })).stderr).to.contain('use Enforce');
      expect((await apply({ ...allowing(), mode: 'Enforce' })).code).to.equal(0);
    });

    it('let nobody write where they are gone', async () => {
      await system.plane.kubectl(['delete', 'cm', 'seccomp-profile-limits', '-n', 'seccomp-operator']);
      await until('nothing is taken', async () => (await apply(allowing('write'), 'shop', [])).code !== 0);
    });
  });
});
