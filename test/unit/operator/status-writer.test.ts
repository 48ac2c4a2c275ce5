import { expect } from 'chai';
import type { SeccompProfile, SeccompProfileStatus } from '../../../src/core/api/seccomp-profile.ts';
import type { NodeInfo } from '../../../src/core/fleet/eligible.ts';
import { NO_REPORT } from '../../../src/core/fleet/node-report.ts';
import type { LintReport } from '../../../src/core/status/lint-report.ts';
import type { ProfilePhase } from '../../../src/core/status/profile-status.ts';
import { Bundle } from '../../../src/operator/bundle.ts';
import { Fleet, type ReportRef } from '../../../src/operator/fleet.ts';
import { PodUses } from '../../../src/operator/pod-uses.ts';
import { StatusPace } from '../../../src/operator/status-pace.ts';
import { StatusWriter } from '../../../src/operator/status-writer.ts';

const INTERVAL_MS = 1_000;

/** A profile that is rendered at 10, nodes that report, and a status that is kept as the API server would. */
function cluster(...architectures: string[]) {
  const nodes = new Map<string, NodeInfo>();
  const reports = new Map<string, ReportRef>();
  const fleet = new Fleet(nodes, reports, { nodeSelector: {}, tolerations: [] });
  const bundle = new Bundle();
  const state = {
    now: 0,
    phase: { is: 'published' } as ProfilePhase,
    generation: 1,
    violations: undefined as SeccompProfileStatus['violations'],
    lint: undefined as LintReport | undefined,
  };
  const changes: { status: Record<string, unknown> }[] = [];
  const profile: SeccompProfile = {
    apiVersion: 'seccomp-operator.dev/v1alpha1',
    kind: 'SeccompProfile',
    metadata: { name: 'web', generation: 1 },
    spec: { defaultAction: 'SCMP_ACT_ERRNO' },
  };
  const uses = new PodUses();
  const writer = new StatusWriter({
    bundle,
    fleet,
    uses,
    publication: () => ({ generation: state.generation, phase: state.phase, dependsOn: [] }),
    violations: () => ({ violations: state.violations }),
    linted: () => state.lint,
    write: async (_profile, change) => {
      changes.push(change as (typeof changes)[number]);
    },
    transition: (_profile, _previous, next) => {
      profile.status = next;
    },
    pace: new StatusPace({ intervalMs: INTERVAL_MS, shareMs: 20, longestMs: 5_000, now: () => state.now }),
  });
  const report = (name: string, resourceVersion: string | undefined) => {
    reports.set(name, {
      uid: name,
      ownerUid: name,
      report: { ...NO_REPORT, resourceVersion },
      violations: undefined,
      drifted: false,
      tracked: false,
    });
    fleet.reported(name);
  };
  const publish = (resourceVersion: string, digests: Record<string, string>) =>
    bundle.wrote({ profile: 'web', uid: 'u', resourceVersion, digests: new Map(Object.entries(digests)), table: [] });
  architectures.forEach((architecture, index) => {
    const name = `n${index}`;
    const linux = { operatingSystem: 'linux', labels: {}, taints: [], ready: true };
    nodes.set(name, { name, uid: name, architecture, ...linux });
    fleet.nodeChanged(name);
  });
  publish('10', { 'profile.json': 'sha256:a' });
  const ready = () => profile.status?.conditions?.[0]?.reason;
  const use = (name: string) => {
    const item = {
      pod: `shop/${name}`,
      uid: name,
      node: 'n0',
      running: true,
      nodeUid: '',
      filters: [],
      ready: true,
      containers: [],
      files: ['operator/web.json'],
    };
    uses.changed({ key: item.pod, type: 'added', item, previous: undefined, resourceVersion: '1', initial: false });
  };
  return { use, state, changes, profile, report, publish, bundle, ready, update: () => writer.update(profile) };
}

describe('the status of a profile', () => {
  it('is written at once when it settles', async () => {
    const { report, update, ready } = cluster('amd64');
    report('n0', '10');
    expect(await update()).to.equal(0);
    expect(ready()).to.equal('Installed');
  });

  it('is not written where nothing changed', async () => {
    const { report, update, changes } = cluster('amd64');
    report('n0', '10');
    await update();
    await update();
    expect(changes).to.have.lengthOf(1);
  });

  it('waits while nodes arrive one by one, until its time has come', async () => {
    const { report, update, changes, state } = cluster('amd64', 'amd64', 'amd64');
    expect(await update()).to.equal(INTERVAL_MS);
    report('n0', '10');
    state.now += 400;
    expect(await update()).to.equal(600);
    expect(changes).to.have.lengthOf(0);
    state.now += 600;
    expect(await update()).to.equal(0);
    expect(changes[0]?.status).to.have.nested.property('nodes.summary', '1/3');
  });

  it('is no longer ready at once when another version is published', async () => {
    const { report, update, publish, ready } = cluster('amd64');
    report('n0', '10');
    await update();
    publish('11', { 'profile.json': 'sha256:b' });
    expect(await update()).to.equal(0);
    expect(ready()).to.equal('WaitingForNodes');
  });

  it('is no longer ready at once in a generation that is not rendered yet', async () => {
    const { report, update, profile, ready } = cluster('amd64');
    report('n0', '10');
    await update();
    profile.metadata.generation = 2;
    expect(await update()).to.equal(0);
    expect(ready()).to.equal('Rendering');
  });

  it('says what the linter found, and keeps it while it looks again', async () => {
    const { report, update, state, profile, changes } = cluster('amd64');
    const condition = { type: 'Linted', status: 'True', reason: 'WarningsFound', message: '1 warning' } as const;
    state.lint = { warnings: [{ rule: 'a', severity: 'Warning', field: 'spec', message: 'm' }], condition };
    report('n0', '10');
    await update();
    expect(profile.status?.warnings).to.have.lengthOf(1);
    state.lint = undefined;
    await update();
    expect(changes).to.have.lengthOf(1);
    profile.metadata.generation = 2;
    await update();
    expect(profile.status?.warnings).to.equal(undefined);
  });

  it('names what is gone, which a merge patch would keep', async () => {
    const { report, update, state, bundle, changes, profile } = cluster('amd64');
    report('n0', '10');
    await update();
    state.phase = { is: 'disabled' };
    bundle.gone({ profile: 'web', uid: 'u', resourceVersion: '10', digests: new Map(), table: [] }, '12');
    await update();
    expect(changes[1]?.status).to.have.property('digest', null);
    expect(profile.status as SeccompProfileStatus).not.to.have.property('digest');
  });

  it('names architectures as nodes do, in an order of its own', async () => {
    const { update, publish, state, profile } = cluster('arm64', 'amd64');
    publish('11', { 'arm64.json': 'sha256:b', 'amd64.json': 'sha256:a' });
    await update();
    state.now += INTERVAL_MS;
    await update();
    expect(profile.status?.variants).to.deep.equal([
      { architecture: 'amd64', digest: 'sha256:a' },
      { architecture: 'arm64', digest: 'sha256:b' },
    ]);
  });

  it('says that a ConfigMap which somebody removed is made again', async () => {
    const { report, update, bundle, state, ready } = cluster('amd64');
    report('n0', '10');
    await update();
    bundle.gone({ profile: 'web', uid: 'u', resourceVersion: '10', digests: new Map(), table: [] }, '12');
    await update();
    state.now += INTERVAL_MS;
    await update();
    expect(ready()).to.equal('Rendering');
  });

  it('is written less often for the number of Pods alone', async () => {
    const { report, update, use, state, profile, changes } = cluster('amd64');
    report('n0', '10');
    await update();
    use('a');
    expect(await update()).to.equal(5 * INTERVAL_MS);
    use('b');
    state.now = 5 * INTERVAL_MS;
    expect(await update()).to.equal(0);
    expect(profile.status?.usedBy).to.equal(2);
    expect(changes).to.have.lengthOf(2);
  });
});
