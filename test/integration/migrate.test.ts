import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { type ControlPlane, startControlPlane } from '../rig/control-plane.ts';
import { until } from '../rig/until.ts';
import { spoSpec } from '../support/spo/arbitrary.ts';

const PROJECT = join(import.meta.dirname, '../..');
const GOLDEN = join(PROJECT, 'test/golden/spo');
const API = 'security-profiles-operator.x-k8s.io';

describe('kubectl seccomp migrate', function () {
  this.timeout(60_000);
  let plane: ControlPlane;

  before(async function () {
    this.timeout(0); // The control plane may have to be built first.
    plane = await startControlPlane();
    await plane.kubectl(['apply', '-k', join(PROJECT, 'crds')]);
    await established();
  });

  after(() => plane?.stop());

  const established = () => plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
  const apply = (object: object) => plane.kubectl(['apply', '-f', '-'], JSON.stringify(object));
  const migrate = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>(resolve => {
      const program = [join(PROJECT, 'dist/kubectl-seccomp.js'), 'migrate', ...args];
      const env = { ...process.env, KUBECONFIG: plane.kubeconfig };
      execFile(process.execPath, program, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
    });

  it('says what to do in a cluster that never had Security Profiles Operator', async () => {
    const { code, stdout, stderr } = await migrate();
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.include('name a FILE');
  });

  it('makes of its manifests what our API server takes', async () => {
    const files = readdirSync(GOLDEN).filter(file => file.endsWith('.input.yaml'));
    const { code, stdout } = await migrate(...files.map(file => join(GOLDEN, file)));
    expect(code).to.equal(0);
    expect(await plane.kubectl(['create', '--dry-run=server', '-f', '-'], stdout)).to.include('spo-beta-deny created');
  });

  it('makes of whatever its API admits what ours takes, or leaves it out', async () => {
    const specs = fc.sample(spoSpec, { numRuns: 150, seed: 20_26 });
    const objects = specs.map((spec, at) => ({
      apiVersion: `${API}/v1`,
      kind: 'SeccompProfile',
      metadata: { name: `any-${at}` },
      spec,
    }));
    const file = join(plane.directory, 'any.json');
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    const { stdout, stderr } = await migrate(file);
    const { length } = parseAllDocuments(stdout);
    expect(length).to.be.greaterThan(50).and.lessThan(specs.length);
    const created = await plane.kubectl(['create', '--dry-run=server', '-o', 'name', '-f', '-'], stdout);
    expect(created.trim().split('\n')).to.have.lengthOf(length);
    expect(stderr.match(/^LEFT OUT/gm)).to.have.lengthOf(specs.length - length);
  });

  describe('in a cluster with its kinds', () => {
    before(async () => {
      await plane.kubectl(['apply', '-f', join(PROJECT, 'test/support/spo/crds.yaml')]);
      await established();
      const profile = (name: string, spec: object, metadata: object = {}) =>
        apply({
          apiVersion: `${API}/v1`,
          kind: 'SeccompProfile',
          metadata: { name, ...metadata },
          spec: { defaultAction: 'SCMP_ACT_ERRNO', ...spec },
        });
      const allowing = (...names: string[]) => [{ names, action: 'SCMP_ACT_ALLOW' }];
      await profile('runtime', { syscalls: allowing('execve', 'exit_group') });
      await profile('nginx', { baseProfileName: 'runtime', syscalls: allowing('accept4') });
      const merged = JSON.stringify(allowing('read', 'write'));
      await profile(
        'from-registry',
        { baseProfileName: 'oci://example.test/runc:v1' },
        { annotations: { syscalls: merged } },
      );
      const args = [{ index: 0, op: 'SCMP_CMP_EQ', value: -1 }];
      await profile('negative', { syscalls: [{ names: ['openat'], action: 'SCMP_ACT_ALLOW', args }] });
      const large = await plane.kubectl(
        ['apply', '-f', '-'],
        `{"apiVersion": "${API}/v1", "kind": "SeccompProfile", "metadata": {"name": "large"}, "spec": {"defaultAction":
          "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op":
          "SCMP_CMP_EQ", "value": 9223372036854775807}]}]}}`,
      );
      expect(large).to.include('created');
      const others = { ProfileBinding: { image: 'nginx:1', profileRef: { kind: 'SeccompProfile', name: 'nginx' } } };
      for (const [kind, spec] of Object.entries({ ...others, ProfileRecording: {}, AppArmorProfile: {} }))
        await apply({ apiVersion: `${API}/v1alpha1`, kind, metadata: { name: 'other', namespace: 'default' }, spec });
    });

    it('carries over what it finds, names what it does not, and applies as it is', async () => {
      const { code, stdout, stderr } = await migrate();
      expect(code).to.equal(1);
      expect(stderr).to.match(/^carried over +SeccompProfile\/nginx$/m);
      expect(stderr).to.match(/^LEFT OUT +SeccompProfile\/negative +spec\.syscalls\[0\]\.args\[0\]\.value: -1/m);
      expect(stderr).to.match(/^LEFT OUT +ProfileBinding\/default\/other +.*localhostProfile: operator\/nginx\.json/m);
      expect(stderr).to.match(/^LEFT OUT +ProfileRecording\/default\/other/m);
      expect(stderr).to.match(/^LEFT OUT +AppArmorProfile\/other/m);
      expect(await plane.kubectl(['apply', '-f', '-'], stdout)).to.match(/^(\S+ created\n){4}$/);
      expect(await plane.kubectl(['apply', '-f', '-'], (await migrate()).stdout)).to.match(/^(\S+ unchanged\n){4}$/);
      const spec = async (name: string) => JSON.parse(await plane.kubectl(['get', 'scp', name, '-o', 'json'])).spec;
      expect(await spec('nginx')).to.deep.equal({
        defaultAction: 'SCMP_ACT_ERRNO',
        baseProfileName: 'runtime',
        syscalls: [{ names: ['accept4'], action: 'SCMP_ACT_ALLOW' }],
      });
      expect((await spec('from-registry')).syscalls).to.deep.equal([
        { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW' },
      ]);
      expect(await plane.kubectl(['get', 'scp', 'large', '-o', 'yaml'])).to.include('9223372036854775807');
    });

    it('gives JSON for programs', async () => {
      const { stdout } = await migrate('-o', 'json');
      expect(JSON.parse(stdout).items.map((item: { metadata: { name: string } }) => item.metadata.name)).to.include(
        'nginx',
      );
    });

    it('reads the version in which objects are stored where the webhook that converts them is gone', async () => {
      const crd = `crd/seccompprofiles.${API}`;
      const versions = JSON.parse(await plane.kubectl(['get', crd, '-o', 'json'])).spec.versions;
      for (const version of versions) version.storage = version.name === 'v1beta1';
      const clientConfig = { url: 'https://127.0.0.1:1/convert' };
      const conversion = { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } };
      const patch = (spec: object) => plane.kubectl(['patch', crd, '--type=merge', '-p', JSON.stringify({ spec })]);
      await patch({ versions });
      await until('it is stored in the old version', async () => {
        await plane.kubectl(['label', `seccompprofiles.${API}`, '--all', `rewritten=${Date.now()}`, '--overwrite']);
        await patch({ conversion });
        const list = (version: string) => plane.tryKubectl(['get', '--raw', `/apis/${API}/${version}/seccompprofiles`]);
        if ((await list('v1')).code !== 0 && (await list('v1beta1')).code === 0) return true;
        await patch({ conversion: { strategy: 'None', webhook: null } });
        return false;
      });
      const { stdout, stderr } = await migrate();
      expect(stdout, stderr).to.include('name: nginx');
    });
  });
});
