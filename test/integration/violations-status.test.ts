import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SeccompProfile } from '../../src/core/api/seccomp-profile.ts';
import type { ManagedProcess } from '../rig/process.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';
import { type FakeContainer, FakeNode, KILL_PROCESS, LOG } from '../support/violations/container.ts';

const NODE = 'node-a';
const OWN_POD = '53a7b130-2354-4564-9628-554d82403c6f';

describe('violations in the status of a profile', function () {
  this.timeout(120_000);
  let system: System;
  let program: ManagedProcess;
  let machine: FakeNode;
  let container: FakeContainer;

  before(async function () {
    this.timeout(600_000);
    system = await System.start([NODE]);
    await configure({ enabled: true });
    machine = new FakeNode();
    program = await system.startViolations(NODE, machine.container(OWN_POD).directory);
    await system.plane.kubectl(['create', 'namespace', 'shop']);
    await system.plane.kubectl(['create', 'serviceaccount', 'default', '-n', 'shop']);
    const spec = {
      defaultAction: 'SCMP_ACT_ERRNO',
      mode: 'Audit',
      syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }],
    };
    await create({
      apiVersion: 'seccomp-operator.dev/v1alpha1',
      kind: 'SeccompProfile',
      metadata: { name: 'web' },
      spec,
    });
    await system.untilReady('web');
    container = machine.container(await pod('web-0'));
  });

  after(async () => {
    await program?.stop();
    await system?.stop();
    await machine?.remove();
  });

  const create = (object: object) => system.plane.kubectl(['apply', '-f', '-'], JSON.stringify(object));
  const profile = (): Promise<SeccompProfile> =>
    system.plane.get<SeccompProfile>('/apis/seccomp-operator.dev/v1alpha1/seccompprofiles/web');
  const condition = async (type: string) => (await profile()).status?.conditions?.find(each => each.type === type);

  /** A Pod that refers to the profile; its UID. */
  async function pod(name: string): Promise<string> {
    const seccompProfile = { type: 'Localhost', localhostProfile: 'operator/web.json' };
    const containers = [{ name: 'nginx', image: 'example.test/nginx:1' }];
    const spec = { nodeName: NODE, securityContext: { seccompProfile }, containers };
    await create({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' }, spec });
    return system.plane.kubectl(['get', 'pod', name, '-n', 'shop', '-o', 'jsonpath={.metadata.uid}']);
  }

  const configure = (violations: object) =>
    system.plane.kubectl([
      'patch',
      'configmap',
      'seccomp-operator',
      '-n',
      'seccomp-operator',
      '--type=merge',
      '-p',
      JSON.stringify({ data: { 'agent.yaml': JSON.stringify({ violations }) } }),
    ]);

  it('a second DaemonSet is made by one switch', async () => {
    const names = () => system.plane.kubectl(['get', 'daemonsets', '-n', 'seccomp-operator-agents', '-o', 'name']);
    await until('it is there', async () => (await names()).includes('seccomp-violations'));
  });

  it('is said that they are counted', async () => {
    await until('it is watched', async () => (await condition('Watched'))?.status === 'True');
  });

  it('a call is in the status with its Pod and container', async () => {
    await container.run(LOG, 'call:3');
    const violations = await until('it is there', async () => (await profile()).status?.violations);
    expect(violations).to.include({ total: 3, otherCalls: 0 });
    expect(violations.calls[0]).to.deep.include({
      syscall: 'mkdir',
      action: 'SCMP_ACT_LOG',
      arguments: 'Any',
      count: 3,
      pods: ['shop/web-0/nginx'],
      nodes: [NODE],
    });
    const violated = await until('there is a condition', () => condition('Violated'));
    expect(violated).to.include({ status: 'True', reason: 'CallsLogged' });
    expect(violated.message).to.contain('mkdir in shop/web-0/nginx on node-a: allowed and logged');
  });

  it('it is a column of kubectl get', async () => {
    const [header = '', row = ''] = (await system.plane.kubectl(['get', 'scp'])).split('\n');
    expect(row.slice(header.indexOf('VIOLATIONS')).split(' ')[0]).to.equal('3');
  });

  it('there are Events on the profile and on the Pod', async () => {
    for (const kind of ['SeccompProfile', 'Pod']) {
      const selector = `reason=SeccompViolation,involvedObject.kind=${kind}`;
      const notes = await until(`an Event of the ${kind}`, async () =>
        system.plane.kubectl([
          'get',
          'events',
          '-A',
          `--field-selector=${selector}`,
          '-o',
          'jsonpath={.items[*].message}',
        ]),
      );
      expect(notes).to.match(/^mkdir by \S+ in container nginx of Pod shop\/web-0 on node-a: allowed and logged/);
    }
  });

  const cli = (...args: string[]) =>
    new Promise<{ code: number; text: string; notes: string }>(resolve => {
      const env = { ...process.env, KUBECONFIG: system.plane.kubeconfig };
      execFile(process.execPath, ['dist/kubectl-seccomp.js', ...args], { env }, (error, text, notes) =>
        resolve({ code: error ? Number(error.code) : 0, text, notes }),
      );
    });

  it('kubectl seccomp violations lists it', async () => {
    const { code, text } = await cli('violations', 'web');
    const [header = '', row = ''] = text.split('\n');
    expect(code).to.equal(1);
    expect(header).to.match(/^PROFILE +CALL +COUNT +LAST +LAST IN +OUTCOME$/);
    expect(row).to.match(/^web +mkdir +3 +\S+Z +shop\/web-0\/nginx +allowed and logged$/);
  });

  it('kubectl seccomp violations --follow tells what comes', async () => {
    const env = { ...process.env, KUBECONFIG: system.plane.kubeconfig };
    const child = spawn(process.execPath, ['dist/kubectl-seccomp.js', 'violations', '--follow'], { env });
    let said = '';
    child.stdout.on('data', chunk => {
      said += chunk;
    });
    try {
      await until('it says what there was', () => said.includes('web mkdir 3 so far in shop/web-0/nginx on node-a'));
      await container.run(KILL_PROCESS, 'spawn:1');
      await until('it says what is new', () => /web mkdir \+1 in .*: process killed/.test(said));
    } finally {
      child.kill();
    }
  });

  it('kubectl seccomp suggest makes a patch that kubectl applies', async () => {
    const { text } = await cli('suggest', 'web');
    expect(text.split('\n').every(line => line.length <= 100)).to.equal(true);
    expect(text.replaceAll(/\n# {3}(?=\w)/g, ' '))
      .to.contain('# mkdir: 3 times, last ')
      .and.to.contain('in shop/web-0/nginx on node-a: allowed and logged');
    const file = join(system.plane.directory, 'patch.yaml');
    await writeFile(file, text);
    await system.plane.kubectl(['patch', 'scp', 'web', '--type=json', `--patch-file=${file}`]);
    expect((await profile()).spec.syscalls?.[0]?.names).to.deep.equal(['read', 'mkdir']);
    expect((await cli('suggest', 'web')).text).to.contain('# mkdir: let through already');
  });

  it('kubectl seccomp says that there is no such profile, and renders one that is there', async () => {
    for (const words of [['status'], ['rollout', 'status'], ['rollout', 'undo']]) {
      const { code, notes } = await cli(...words, 'wbe');
      expect(code).to.equal(1);
      expect(notes).to.equal(
        'kubectl seccomp: there is no seccompprofiles/wbe; kubectl get seccompprofiles lists what there is\n',
      );
    }
    await system.untilReady('web');
    const digest = createHash('sha256')
      .update((await cli('render', 'web')).text)
      .digest('hex');
    expect((await profile()).status?.digest).to.equal(`sha256:${digest}`);
  });

  it('what was counted stays when the operator and the Pod are gone', async () => {
    await system.operator.kill();
    await system.plane.kubectl(['delete', 'pod', 'web-0', '-n', 'shop', '--force', '--grace-period=0']);
    await system.startOperator();
    await until('it works again', async () => (await condition('Violated'))?.status === 'True');
    await create({
      apiVersion: 'seccomp-operator.dev/v1alpha1',
      kind: 'SeccompProfile',
      metadata: { name: 'web' },
      spec: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['read', 'write'], action: 'SCMP_ACT_ALLOW' }] },
    });
    await system.untilReady('web');
    expect((await profile()).status?.violations?.total).to.equal(4);
  });

  it('a profile that refuses without a record is said to', async () => {
    await until('it is said', async () => (await condition('Watched'))?.reason === 'NotRecorded');
    expect((await condition('Watched'))?.message).to.contain('SECCOMP_FILTER_FLAG_LOG');
  });

  it('all of it goes with the switch, but for what was counted', async () => {
    await configure({ enabled: false });
    const names = () => system.plane.kubectl(['get', 'daemonsets', '-n', 'seccomp-operator-agents', '-o', 'name']);
    await until('the DaemonSet is gone', async () => !(await names()).includes('seccomp-violations'));
    await until('nothing is said to be watched', async () => (await condition('Watched')) === undefined);
    expect((await profile()).status?.violations?.total).to.equal(4);
  });
});
