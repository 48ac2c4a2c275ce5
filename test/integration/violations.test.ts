import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { expect } from 'chai';
import type { SeccompNode } from '../../src/core/api/seccomp-node.ts';
import type { NodeViolation, NodeViolations } from '../../src/core/violations/report.ts';
import { kubeconfigCredentials } from '../../src/kube/kubeconfig.ts';
import { Transport } from '../../src/kube/transport.ts';
import type { ManagedProcess } from '../rig/process.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';
import { type FakeContainer, FakeNode, KILL_PROCESS, LOG, runFiltered } from '../support/violations/container.ts';

const NODE = 'node-a';
const POD = '43a7b130-2354-4564-9628-554d82403c6f';
const OWN_POD = '53a7b130-2354-4564-9628-554d82403c6f';

/** Linux 6.6 tells everybody of forks. */
const hearsForks = (): boolean => {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 6);
};

describe('violations of a node, from the kernel’s own records', function () {
  this.timeout(120_000);
  let system: System;
  let program: ManagedProcess;
  let machine: FakeNode;
  let own: FakeContainer;
  let container: FakeContainer;

  before(async function () {
    this.timeout(600_000);
    system = await System.start([NODE]);
    machine = new FakeNode();
    own = machine.container(OWN_POD);
    program = await system.startViolations(NODE, own.directory);
    await until('it watches', async () => (await report())?.state === 'Watching');
  });

  after(async () => {
    await program?.stop();
    await system?.stop();
    await machine?.remove();
  });

  beforeEach(() => {
    container = machine.container(POD);
  });

  const node = () => system.plane.get<SeccompNode>(`/apis/seccomp-operator.dev/v1alpha1/seccompnodes/${NODE}`);
  const report = async (): Promise<NodeViolations | undefined> => (await node()).status?.violations;
  const entries = async (): Promise<NodeViolation[]> =>
    ((await report())?.entries ?? []).filter(({ containerID }) => containerID === container.id);
  /** With a fresh start there is nothing that was seen before, and the next report is at once. */
  const restart = async () => {
    await program.stop();
    const before = (await report())?.since;
    program = await system.startViolations(NODE, own.directory);
    await until('it counts anew', async () => {
      const { state, since } = (await report()) ?? {};
      return state === 'Watching' && since !== before;
    });
  };

  it('a call is in the report at once, with its Pod and container', async () => {
    await container.run(LOG, 'call:3');
    const [entry] = await until('it is reported', async () => ((await entries()).length ? entries() : undefined));
    expect(entry).to.deep.include({ podUID: POD, syscall: 'mkdir', action: 'SCMP_ACT_LOG' });
    expect((await report())?.lost).to.equal(0);
  });

  it('processes that are killed by the call are counted too', async () => {
    await restart();
    const { calls } = await container.run(KILL_PROCESS, 'spawn:60');
    await program.stop();
    const { unattributed } = (await report()) as NodeViolations;
    const [entry] = await entries();
    program = await system.startViolations(NODE, own.directory);
    expect(entry?.action).to.equal('SCMP_ACT_KILL_PROCESS');
    expect({ calls, counted: (entry?.count ?? 0) + unattributed }).to.deep.equal({
      calls: 60,
      counted: 60,
    });
    // The kernel may have dropped the word of a fork while other tests had the machine.
    if (hearsForks()) expect(unattributed).to.be.at.most(6);
  });

  it('what is called outside of this node’s containers is no violation', async () => {
    await restart();
    await runFiltered(LOG, 'call:10', 'spawn:10');
    const elsewhere = new FakeNode();
    await elsewhere.container(POD).run(LOG, 'call:1', 'spawn:10');
    await elsewhere.remove();
    await container.run(LOG, 'call:1');
    await until('the container’s is reported', async () => (await entries()).length > 0);
    await program.stop();
    const { recorded, unattributed } = (await report()) as NodeViolations;
    program = await system.startViolations(NODE, own.directory);
    expect(recorded).to.equal(1);
    // Of 31; the kernel may have dropped the word of a fork while other tests had the machine.
    expect(unattributed).to.be.at.most(3);
  });

  it('every record is counted or said to be lost, and few reports are written', async () => {
    await restart();
    const { resourceVersion: from } = (await node()).metadata as { resourceVersion: string };
    const { calls } = await container.run(LOG, 'rate:50000:3');
    await program.stop();
    const { recorded, lost, unattributed } = (await report()) as NodeViolations;
    expect(recorded).to.be.at.most(calls);
    // Another test's records may be among those that were lost.
    expect(recorded + lost + unattributed).to.be.at.least(calls);
    expect(await writesSince(from)).to.be.at.most(6);
    program = await system.startViolations(NODE, own.directory);
  });

  it('is an ordinary user without any capability', async () => {
    await restart();
    const status = readFileSync(`/proc/${program.pid}/status`, 'utf8');
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1];
    expect(field('Uid')?.split('\t')).to.deep.equal(['65532', '65532', '65532', '65532']);
    expect(['CapEff', 'CapPrm', 'CapInh', 'CapAmb'].map(field)).to.deep.equal(Array(4).fill('0000000000000000'));
    expect(field('Groups')?.trim()).to.equal('');
  });

  it('says that it has ended', async () => {
    await program.stop();
    expect((await report())?.state).to.equal('Stopped');
    program = await system.startViolations(NODE, own.directory);
    await until('it watches again', async () => (await report())?.state === 'Watching');
  });

  it('leaves the agent’s part of the report alone, and the agent leaves its', async () => {
    const { bundle, violations } = (await node()).status ?? {};
    expect(bundle?.profiles).to.equal(0);
    expect(violations?.source).to.equal('AuditNetlink');
  });

  /** What the API server says to it. */
  const patch = async (account: string, status: object, of = NODE) => {
    const credentials = await kubeconfigCredentials(await system.boundKubeconfig(NODE, account));
    const transport = new Transport({ credentials, userAgent: 'test' });
    const path = `/apis/seccomp-operator.dev/v1alpha1/seccompnodes/${of}/status`;
    const parameters = { contentType: 'application/merge-patch+json', body: { status } };
    const answer = await transport.request('PATCH', path, parameters).catch((error: Error) => error);
    transport.close();
    return answer instanceof Error ? answer.message : 'done';
  };

  it('with its token nothing else can be written', async () => {
    const bundle = { digest: `sha256:${'0'.repeat(64)}`, profiles: 0, resourceVersion: '1' };
    expect(await patch('seccomp-violations', { bundle })).to.contain('may write nothing but violations');
    expect(await patch('seccomp-agent', { violations: null })).to.contain('the agent may not write violations');
    await system.addNode('node-b', { agent: false });
    await until('node-b has a report', () => system.plane.kubectl(['get', 'seccompnode', 'node-b']));
    expect(await patch('seccomp-violations', { violations: null }, 'node-b')).to.contain('on its own SeccompNode');
  });

  /** Versions of the SeccompNode since then, as a watch tells them. */
  async function writesSince(resourceVersion: string): Promise<number> {
    const path = '/apis/seccomp-operator.dev/v1alpha1/seccompnodes';
    const query = `?watch=1&timeoutSeconds=1&resourceVersion=${resourceVersion}`;
    const events = await system.plane.kubectl(['get', '--raw', path + query]);
    return events.trim().split('\n').filter(Boolean).length;
  }
});
