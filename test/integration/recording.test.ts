import { expect } from 'chai';
import type { SeccompNode } from '../../src/core/api/seccomp-node.ts';
import type { SeccompProfile } from '../../src/core/api/seccomp-profile.ts';
import type { SeccompRecording } from '../../src/core/api/seccomp-recording.ts';
import { numberList } from '../../src/core/violations/number-list.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const API = '/apis/seccomp-operator.dev/v1alpha1';
const NODE = 'node-a';
/** Numbers of x86_64: mkdir, rmdir, symlink. */
const [MKDIR, RMDIR, SYMLINK] = [83, 84, 88];

interface Report {
  readonly since?: string;
  readonly lost?: number;
  /** Numbers, by container id. */
  readonly sets?: Readonly<Record<string, { readonly podUID: string; readonly numbers: readonly number[] }>>;
  readonly state?: string;
}

/** The operator on a real API server; what nodes report is written here, as the violations program writes it. */
describe('a recording', function () {
  this.timeout(180_000);
  let system: System;

  before(async function () {
    this.timeout(600_000);
    system = await System.start([NODE]);
    await kubectl('create', 'namespace', 'shop');
    await kubectl('create', 'serviceaccount', 'default', '-n', 'shop');
  });
  after(() => system?.stop());

  const kubectl = (...args: string[]) => system.plane.kubectl(args);
  const apply = (object: object) => system.plane.kubectl(['apply', '-f', '-'], JSON.stringify(object));
  const recording = (name: string) => system.plane.get<SeccompRecording>(`${API}/seccomprecordings/${name}`);
  const profile = (name: string) => system.plane.get<SeccompProfile>(`${API}/seccompprofiles/${name}`);
  const record = (name: string, spec: object = {}) =>
    apply({
      apiVersion: 'seccomp-operator.dev/v1alpha1',
      kind: 'SeccompRecording',
      metadata: { name },
      spec: { namespaces: ['shop'], podSelector: { matchLabels: { app: name } }, ...spec },
    });
  const stop = (name: string) =>
    kubectl('patch', 'seccomprecording', name, '--type=merge', '-p', JSON.stringify({ spec: { state: 'Stopped' } }));
  const untilSaid = (name: string, what: string, is: (status: NonNullable<SeccompRecording['status']>) => unknown) =>
    until(
      `${name}: ${what}`,
      async () => {
        const { status = {} } = await recording(name);
        return is(status) ? status : undefined;
      },
      { timeoutMs: 120_000 },
    );
  const conditionOf = ({ conditions = [] }: NonNullable<SeccompRecording['status']>, type: string) =>
    conditions.find(each => each.type === type);
  const untilReason = (name: string, reason: string) =>
    untilSaid(name, reason, status => conditionOf(status, 'Ready')?.reason === reason);
  const columns = async (name: string) =>
    (await kubectl('get', 'seccomprecording', name, '--no-headers')).trim().split(/ {2,}/);

  async function report({ since = '2026-01-01T00:00:00Z', lost = 0, sets = {}, state = 'Watching' }: Report) {
    const now = new Date().toISOString().replace(/\.\d+/, '');
    const callSets = Object.entries(sets).map(([containerID, { podUID, numbers }]) => ({
      podUID,
      containerID,
      architecture: 'SCMP_ARCH_X86_64',
      numbers: numberList(numbers),
      command: 'web',
      firstTime: now,
      lastTime: now,
    }));
    const counts = { recorded: 1, lost, unattributed: 0, unlisted: 0, entries: [], callSets };
    const violations = { state, message: 'by the test', source: 'AuditNetlink', since, ...counts };
    const patch = JSON.stringify({ status: { violations } });
    await kubectl('patch', 'seccompnode', NODE, '--subresource=status', '--type=merge', '-p', patch);
  }

  /** A Pod whose kubelet has started its container a moment ago; its UID. */
  async function pod(
    name: string,
    app: string,
    { file, startedAt = new Date() }: { readonly file?: string; readonly startedAt?: Date } = {},
  ): Promise<string> {
    const seccompProfile = { type: 'Localhost', localhostProfile: `operator/${file}.json` };
    const container = {
      name: 'app',
      image: 'example.test/web:1',
      ...(file && { securityContext: { seccompProfile } }),
    };
    const metadata = { name, namespace: 'shop', labels: { app } };
    await apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: NODE, containers: [container] } });
    const uid = await kubectl('get', 'pod', name, '-n', 'shop', '-o', 'jsonpath={.metadata.uid}');
    const running = { running: { startedAt: startedAt.toISOString().replace(/\.\d+/, '') } };
    const started = { name: 'app', ready: true, started: true, restartCount: 0, image: '', imageID: '' };
    const status = {
      phase: 'Running',
      containerStatuses: [{ ...started, containerID: `containerd://${idOf(name)}`, state: running }],
    };
    const patch = JSON.stringify({ status });
    await kubectl('patch', 'pod', name, '-n', 'shop', '--subresource=status', '--type=merge', '-p', patch);
    return uid;
  }
  const idOf = (name: string) => Buffer.from(name).toString('hex').padEnd(64, '0');

  const enable = (enabled: boolean) =>
    kubectl(
      'patch',
      'configmap',
      'seccomp-operator',
      '-n',
      'seccomp-operator',
      '--type=merge',
      '-p',
      JSON.stringify({ data: { 'agent.yaml': JSON.stringify({ violations: { enabled } }) } }),
    );

  it('says what to enable when nothing reads records', async () => {
    await record('web');
    const status = await untilReason('web', 'ViolationsDisabled');
    expect(status.state).to.equal('Stalled');
    expect(conditionOf(status, 'Stalled')?.message).to.contain('violations.enabled');
    await enable(true);
    await untilReason('web', 'WaitingForPods');
  });

  it('has made a profile that logs, which nodes hold', async () => {
    await system.untilReady('web');
    const { spec, metadata } = await profile('web');
    expect(spec).to.include({ mode: 'Audit', defaultAction: 'SCMP_ACT_LOG' });
    expect(spec.syscalls?.[0]?.names).to.include.members(['read', 'execve', 'exit_group', 'poll', 'sendto']);
    expect(metadata.ownerReferences).to.equal(undefined);
  });

  it('says which Pods must name it', async () => {
    await pod('web-0', 'web');
    const { mustRestart, pods } = await untilSaid('web', 'a Pod', status => status.mustRestart);
    expect(pods).to.deep.equal({ selected: 1, recorded: 0, summary: '0/1' });
    expect(mustRestart?.pods[0]).to.deep.include({ pod: 'shop/web-0', reason: 'ProfileNotNamed' });
    expect(mustRestart?.pods[0]?.message).to.contain('localhostProfile: operator/web.json');
  });

  let uid: string;
  it('records what a Pod under it calls, and no other', async () => {
    const other = await pod('intruder', 'other', { file: 'web' });
    uid = await pod('web-1', 'web', { file: 'web' });
    await report({
      sets: {
        [idOf('web-1')]: { podUID: uid, numbers: [MKDIR, 9_999] },
        [idOf('intruder')]: { podUID: other, numbers: [SYMLINK] },
      },
    });
    const { profiles = [], startTime } = await untilSaid('web', 'calls', ({ calls = 0 }) => calls > 0);
    expect(startTime).to.be.a('string');
    expect(profiles[0]?.recorded).to.deep.equal([
      { architecture: 'SCMP_ARCH_X86_64', syscalls: ['mkdir', 'syscall_0x270f'] },
    ]);
    expect((await columns('web')).slice(0, 6)).to.deep.equal(['web', 'Recording', '1/2', '2', '0', 'web']);
  });

  it('is no violation of the profile', async () => {
    expect((await profile('web')).status?.violations).to.equal(undefined);
  });

  it('says what was lost, and that counting was interrupted', async () => {
    await report({ lost: 7, sets: { [idOf('web-1')]: { podUID: uid, numbers: [MKDIR] } } });
    await untilSaid('web', 'losses', ({ evidence }) => evidence?.lost === 7);
    await report({ since: '2026-01-02T00:00:00Z', lost: 1, sets: {} });
    const status = await untilSaid('web', 'an interruption', ({ evidence }) => evidence?.interruptions);
    expect(status.evidence).to.deep.equal({ lost: 8, unattributed: 0, interruptions: 1 });
    expect(conditionOf(status, 'Lossless')).to.include({ status: 'False', reason: 'RecordsMissed' });
  });

  it('says on which nodes nothing is read', async () => {
    await report({ since: '2026-01-02T00:00:00Z', lost: 1, state: 'Stopped' });
    const status = await untilReason('web', 'NodesNotWatched');
    expect(conditionOf(status, 'Ready')?.message).to.contain(NODE);
    await report({ since: '2026-01-02T00:00:00Z', lost: 1 });
    await untilReason('web', 'Recording');
  });

  it('goes on where it was when the operator is killed', async () => {
    const before = (await recording('web')).status;
    await system.operator.kill();
    await report({
      since: '2026-01-02T00:00:00Z',
      lost: 3,
      sets: { [idOf('web-1')]: { podUID: uid, numbers: [RMDIR] } },
    });
    await system.startOperator();
    const after = await untilSaid('web', 'the call of meanwhile', ({ calls }) => calls === 3);
    expect(after.startTime).to.equal(before?.startTime);
    expect(after.evidence).to.deep.equal({ lost: 10, unattributed: 0, interruptions: 1 });
  });

  it('refuses what would make the result mean something else', async () => {
    const patch = JSON.stringify({ spec: { podSelector: { matchLabels: { app: 'other' } } } });
    const refused = await kubectl('patch', 'scr', 'web', '--type=merge', '-p', patch).catch(error => String(error));
    expect(refused).to.contain('delete this recording and create another');
    const everything = await record('all', { podSelector: {} }).catch(error => String(error));
    expect(everything).to.contain('add a label');
    const nameless = await record('each', { profiles: 'PerContainer' }).catch(error => String(error));
    expect(nameless).to.contain('name them');
  });

  it('takes no profile over that is not its own', async () => {
    const spec = { defaultAction: 'SCMP_ACT_ALLOW' };
    await apply({
      apiVersion: 'seccomp-operator.dev/v1alpha1',
      kind: 'SeccompProfile',
      metadata: { name: 'mine' },
      spec,
    });
    await record('mine');
    const status = await untilReason('mine', 'ProfileExists');
    expect(status.state).to.equal('Stalled');
    expect((await profile('mine')).spec.defaultAction).to.equal('SCMP_ACT_ALLOW');
    await kubectl('delete', 'scr', 'mine');
  });

  it('says when the API server refuses the profile, and goes on when it does no longer', async () => {
    const policy = { name: 'no-recording' };
    const kind = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: policy };
    const resources = { apiGroups: ['seccomp-operator.dev'], apiVersions: ['*'], operations: ['CREATE'] };
    await apply({
      ...kind,
      kind: 'ValidatingAdmissionPolicy',
      spec: {
        matchConstraints: { resourceRules: [{ ...resources, resources: ['seccompprofiles'] }] },
        validations: [{ expression: "object.metadata.name != 'refused'", message: 'not this one' }],
      },
    });
    await apply({
      ...kind,
      kind: 'ValidatingAdmissionPolicyBinding',
      spec: { policyName: policy.name, validationActions: ['Deny'] },
    });
    await until('the policy is in force', async () => {
      const dry = {
        apiVersion: 'seccomp-operator.dev/v1alpha1',
        kind: 'SeccompProfile',
        metadata: { name: 'refused' },
      };
      const object = JSON.stringify({ ...dry, spec: { defaultAction: 'SCMP_ACT_LOG' } });
      const { code } = await system.plane.tryKubectl(['create', '--dry-run=server', '-f', '-'], object);
      return code !== 0;
    });
    await record('refused');
    const status = await untilReason('refused', 'ProfileRefused');
    expect(conditionOf(status, 'Stalled')?.message).to.contain('not this one');
    await kubectl('delete', 'validatingadmissionpolicybinding', policy.name);
    await untilReason('refused', 'WaitingForPods');
  });

  it('makes a profile for each container, where told', async () => {
    await record('pair', { profiles: 'PerContainer', containers: ['app', 'sidecar'] });
    for (const name of ['pair-app', 'pair-sidecar']) await system.untilReady(name);
    await untilReason('pair', 'WaitingForPods');
    expect((await columns('pair'))[5]).to.equal('pair-app, pair-sidecar');
  });

  it('leaves a profile alone that somebody has changed meanwhile', async () => {
    await record('edited');
    await untilReason('edited', 'WaitingForPods');
    const own = await pod('edited-0', 'edited', { file: 'edited' });
    await report({
      since: '2026-01-02T00:00:00Z',
      lost: 3,
      sets: {
        [idOf('web-1')]: { podUID: uid, numbers: [RMDIR] },
        [idOf('edited-0')]: { podUID: own, numbers: [MKDIR] },
      },
    });
    await untilSaid('edited', 'calls', ({ calls = 0 }) => calls > 0);
    const patch = JSON.stringify({ spec: { flags: ['SECCOMP_FILTER_FLAG_LOG'] } });
    await kubectl('patch', 'scp', 'edited', '--type=merge', '-p', patch);
    await stop('edited');
    await stop('web');
    const { profiles = [] } = await untilSaid('edited', 'complete', ({ state }) => state === 'Complete');
    expect(profiles[0]).to.include({ name: 'edited', outcome: 'Kept' });
    expect((await profile('edited')).spec.defaultAction).to.equal('SCMP_ACT_LOG');
  });

  it('ends with a profile in mode Audit that has what was seen', async () => {
    const status = await untilSaid('web', 'complete', ({ state }) => state === 'Complete');
    expect(status.profiles?.[0]?.outcome).to.equal('Written');
    expect(conditionOf(status, 'Complete')?.status).to.equal('True');
    const { spec, metadata } = await profile('web');
    expect(spec).to.deep.include({ mode: 'Audit', defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38 });
    expect(spec.architectures).to.deep.equal(['SCMP_ARCH_X86_64']);
    expect(spec.syscalls?.[0]?.names).to.deep.equal(['mkdir', 'rmdir']);
    const all = spec.syscalls?.flatMap(({ names }) => names);
    expect(all).to.include.members(['execve', 'exit_group', 'recvmsg', 'clock_gettime']);
    expect(all).to.not.include('symlink');
    expect(metadata.annotations?.['seccomp-operator.dev/evidence']).to.match(
      /^3 calls recorded from \S+Z to \S+Z on 1 node: 10 records lost, 0 of no known container, 1 interruption$/,
    );
  });

  it('says which Pods still log, and no longer when they are gone', async () => {
    const { mustRestart } = await untilSaid('web', 'who must restart', status => status.mustRestart);
    const reasons = mustRestart?.pods.map(each => [each.pod, each.reason]);
    expect(reasons).to.deep.equal([
      ['shop/intruder', 'StartedWhileRecording'],
      ['shop/web-1', 'StartedWhileRecording'],
    ]);
    await kubectl('delete', 'pod', 'web-1', 'intruder', '-n', 'shop', '--force', '--grace-period=0');
    await untilSaid('web', 'nobody', status => !status.mustRestart);
  });

  it('what is called then is a violation, in a Pod that has started since', async () => {
    const late = await pod('web-2', 'web', { file: 'web', startedAt: new Date(Date.now() + 2_000) });
    await report({
      since: '2026-01-02T00:00:00Z',
      lost: 3,
      sets: { [idOf('web-2')]: { podUID: late, numbers: [SYMLINK] } },
    });
    const violations = await until('a violation', async () => (await profile('web')).status?.violations);
    expect(violations.calls.map(({ syscall }) => syscall)).to.deep.equal(['symlink']);
  });

  it('goes, and its profile stays', async () => {
    await kubectl('delete', 'scr', 'web');
    expect((await profile('web')).spec.mode).to.equal('Audit');
    const { status } = await system.plane.get<SeccompNode>(`${API}/seccompnodes/${NODE}`);
    expect(status?.violations?.callSets).to.have.length(1);
  });
});
