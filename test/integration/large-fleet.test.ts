import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { Reporter } from '../../src/agent/reporter.ts';
import type { SeccompNode } from '../../src/core/api/seccomp-node.ts';
import type { NodeFacts } from '../../src/core/fleet/own-report.ts';
import { silentLog } from '../../src/core/log.ts';
import { kubeconfigCredentials } from '../../src/kube/kubeconfig.ts';
import { Transport } from '../../src/kube/transport.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const REPORTS = '/apis/seccomp-operator.dev/v1alpha1/seccompnodes';
const AGENT = 'system:serviceaccount:seccomp-operator-agents:seccomp-agent';
const PROFILE = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] };

interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
}

describe('what keeps a large fleet from being a burden', function () {
  this.timeout(180_000);
  let system: System;
  let api: Transport;

  before(async () => {
    system = await System.start(['node-a'], { audit: true });
    for (const name of ['calm', 'failing']) await system.addNode(name, { agent: false });
    const credentials = await kubeconfigCredentials(system.plane.kubeconfig);
    api = new Transport({ credentials, userAgent: 'large-fleet-test' });
  });

  after(async () => {
    api?.close();
    await system?.stop();
  });

  const agentWrites = async () => {
    const lines = (await readFile(system.plane.auditLog, 'utf8')).trim().split('\n');
    const events = lines.map(line => JSON.parse(line) as AuditEvent);
    return events.filter(
      ({ user, verb, stage }) => user.username === AGENT && verb === 'patch' && stage === 'ResponseComplete',
    );
  };
  const report = (name: string) => system.plane.get<SeccompNode>(`${REPORTS}/${name}`);
  const apply = (name: string) =>
    system.plane.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({
        apiVersion: 'seccomp-operator.dev/v1alpha1',
        kind: 'SeccompProfile',
        metadata: { name },
        spec: PROFILE,
      }),
    );

  it('gives agents a priority level of their own, in which they wait for each other and for nobody else', async () => {
    await until('agents have been served from it', async () => {
      const metrics = await system.plane.kubectl(['get', '--raw', '/metrics']);
      return /^apiserver_flowcontrol_dispatched_requests_total\{[^}]*priority_level="seccomp-agents"[^}]*\} [1-9]/m.test(
        metrics,
      );
    });
  });

  it('keeps no account of who wrote which field of a report, which costs as much as all the rest', async () => {
    const fieldsOf = async () => {
      const { metadata } = await system.plane.get<SeccompNode>(`${REPORTS}/node-a`);
      return metadata.managedFields ?? [];
    };
    await until('it is emptied', async () => (await fieldsOf()).length === 0);
    await apply('untracked');
    await until('a report came since', async () => (await report('node-a')).status?.bundle?.profiles === 1);
    expect(await fieldsOf()).to.deep.equal([]);
    await system.plane.kubectl(['delete', 'seccompprofile', 'untracked']);
    await until('it is gone again', async () => (await report('node-a')).status?.bundle?.profiles === 0);
  });

  it('spreads reports of what changed, and holds back none of a failure', async () => {
    const reporters = (['calm', 'failing'] as const).map(name => {
      const failure = { digest: '', reason: 'DiskFull', message: 'no space left' };
      const facts: NodeFacts = {
        agentVersion: 'test',
        architecture: 'amd64',
        installed: new Map(),
        appliedTo: '1',
        changedAt: '1',
        failures: new Map(name === 'failing' ? [['web', failure]] : []),
        trouble: undefined,
        repairs: { total: 0 },
      };
      const isTroubled = () => facts.failures.size > 0;
      return new Reporter({ transport: api, node: name, log: silentLog, facts: () => facts, isTroubled });
    });
    try {
      await until('both can report', async () => (await report('calm')) && (await report('failing')));
      for (const reporter of reporters) {
        reporter.spread(1e9);
        reporter.request();
      }
      await until('the failure is reported', async () => (await report('failing')).status?.failuresTotal === 1);
      expect((await report('calm')).status).to.equal(undefined);
    } finally {
      await Promise.all(reporters.map(reporter => reporter.stop()));
    }
  });

  it('lets an agent that starts anew write nothing that it has written before', async () => {
    await apply('first');
    await until('it is installed', async () => (await report('node-a')).status?.bundle?.profiles === 1);
    const node = system.nodes.get('node-a');
    await node?.agent.stop();
    const [before, logged] = [(await agentWrites()).length, node?.agent.log().length];
    await system.startAgent('node-a');
    const log = () => node?.agent.log().slice(logged) ?? '';
    await until('it has looked at everything', () => log().includes('all that was listed is applied'));
    await apply('second');
    await until('the next one is installed', async () => (await report('node-a')).status?.bundle?.profiles === 2);
    expect((await agentWrites()).length - before).to.equal(1);
  });
});
