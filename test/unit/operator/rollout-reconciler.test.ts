import { expect } from 'chai';
import type { RolloutState, SeccompProfile, Stage } from '../../../src/core/api/seccomp-profile.ts';
import type { NodeInfo } from '../../../src/core/fleet/eligible.ts';
import { NO_REPORT } from '../../../src/core/fleet/node-report.ts';
import type { ViolationRecord } from '../../../src/core/rollout/evidence.ts';
import { strictDigestOf } from '../../../src/core/rollout/plan.ts';
import type { NodeViolations } from '../../../src/core/violations/report.ts';
import { Bundle } from '../../../src/operator/bundle.ts';
import { Fleet, type ReportRef } from '../../../src/operator/fleet.ts';
import { PodIndex } from '../../../src/operator/pod-index.ts';
import { type PodUse, PodUses } from '../../../src/operator/pod-uses.ts';
import type { Publication } from '../../../src/operator/publication.ts';
import { RolloutReconciler } from '../../../src/operator/rollout-reconciler.ts';

const HOUR_MS = 3_600_000;
const STAGES: Stage[] = [
  { mode: 'Audit', soak: '24h', maxViolations: 2 },
  { mode: 'Enforce', soak: '1h' },
];

/** One profile on one node with one Pod under it, an API server that keeps the status, and a clock. */
class Cluster {
  readonly bundle = new Bundle();
  readonly uses = new PodUses();
  readonly pods = new PodIndex();
  pod: PodUse | undefined;
  readonly reports = new Map<string, ReportRef>();
  readonly fleet: Fleet;
  readonly profile: SeccompProfile = {
    apiVersion: 'seccomp-operator.dev/v1alpha1',
    kind: 'SeccompProfile',
    metadata: { name: 'web', generation: 1 },
    spec: { defaultAction: 'SCMP_ACT_ERRNO', rollout: { stages: STAGES } },
  };
  isHeard = true;
  nowMs = 0;
  writes = 0;
  told: string[] = [];
  published: Publication | undefined;
  reconciler!: RolloutReconciler;

  constructor() {
    const info: NodeInfo = {
      name: 'node-a',
      uid: 'u',
      architecture: 'amd64',
      operatingSystem: 'linux',
      labels: {},
      taints: [],
      ready: true,
    };
    this.fleet = new Fleet(new Map([['node-a', info]]), this.reports, { nodeSelector: {}, tolerations: [] });
    this.bundle.wrote({
      profile: 'web',
      uid: 'c',
      resourceVersion: '10',
      digests: new Map([['profile.json', 'd']]),
      table: [],
    });
    this.report();
    this.run(new Date(Date.now() + HOUR_MS));
    this.restart();
  }

  /** Another process, which knows what was written. */
  restart(): void {
    this.reconciler = new RolloutReconciler({
      bundle: this.bundle,
      uses: this.uses,
      pods: this.pods,
      fleet: this.fleet,
      publication: () => this.published,
      write: async (_profile, change) => this.write(change as { status: { rollout: object } }),
      tell: (_profile, { reason }) => this.told.push(reason),
      isHeard: () => this.isHeard,
      now: () => this.nowMs,
    });
  }

  write({ status }: { status: { rollout: object } }): void {
    this.writes++;
    const rollout = Object.entries({ ...this.profile.status?.rollout, ...status.rollout }).filter(
      ([, value]) => value !== null,
    );
    this.profile.status = { rollout: JSON.parse(JSON.stringify(Object.fromEntries(rollout))) };
  }

  get state(): RolloutState {
    return this.profile.status?.rollout as RolloutState;
  }

  report(records: readonly ViolationRecord[] = []): void {
    const report = {
      ...NO_REPORT,
      resourceVersion: '10',
      bundleDigest: this.bundle.expected({ name: 'node-a', architecture: 'amd64' }).digest,
    };
    const violations = violationsOf(records);
    this.reports.set('node-a', { uid: 'r', ownerUid: 'u', report, violations, drifted: false, tracked: false });
    this.fleet.reported('node-a');
  }

  run(startedAt: Date, ready = true): void {
    const containers = [
      { id: 'c', startedAt: startedAt.getTime() },
      { id: 'd', startedAt: 0 },
    ];
    const item: PodUse = {
      pod: 'shop/web',
      uid: 'p',
      node: 'node-a',
      running: true,
      ready,
      containers,
      nodeUid: 'p',
      filters: [
        { container: 'web', file: 'operator/web.json', ids: ['c'] },
        { container: 'proxy', file: 'operator/proxy.json', ids: ['d'] },
      ],
      files: ['operator/web.json'],
    };
    this.see(item, undefined);
    this.pod = item;
  }

  end(): void {
    this.see(undefined, this.pod);
  }

  see(item: PodUse | undefined, previous: PodUse | undefined): void {
    this.pods.changed({ item, previous });
    this.uses.changed({ key: 'shop/web', type: 'modified', item, previous, resourceVersion: '1', initial: false });
  }

  async settle(): Promise<this> {
    const state = await this.reconciler.settle(this.profile, this.profile.spec);
    const strictDigest = strictDigestOf(this.profile.spec);
    const stage = state?.stage ?? 0;
    this.published = { generation: 1, phase: { is: 'published' }, dependsOn: [], stage, strictDigest };
    return this;
  }

  async step(): Promise<number | undefined> {
    return (await this.reconciler.step(this.profile)).againMs;
  }

  /** As the operator does it: looks again when it is told to. */
  async pass(ms: number): Promise<void> {
    for (const end = this.nowMs + ms; this.nowMs < end; ) {
      const againMs = (await this.step()) ?? Number.POSITIVE_INFINITY;
      this.nowMs = Math.min(end, this.nowMs + againMs);
    }
    await this.step();
  }
}

/** Soaking at its first stage. */
async function soaking(): Promise<Cluster> {
  const cluster = await new Cluster().settle();
  await cluster.step();
  await cluster.step();
  expect(cluster.state.summary).to.equal('1/2 Soaking');
  return cluster;
}

const violationsOf = (records: readonly ViolationRecord[]): NodeViolations => ({
  state: 'Watching',
  message: '',
  source: 'AuditNetlink',
  since: '2026-11-24T12:00:00Z',
  recorded: 0,
  lost: 0,
  unattributed: 0,
  unlisted: 0,
  entries: records.map(({ call: syscall, ...record }) => ({
    ...record,
    syscall,
    architecture: 'SCMP_ARCH_X86_64',
    action: 'SCMP_ACT_LOG',
    command: 'sh',
    lastTime: record.firstTime,
  })),
});

const call = (name: string, count: number): ViolationRecord => ({
  podUID: 'p',
  containerID: 'c',
  call: name,
  count,
  firstTime: '2026-11-24T10:00:00Z',
});

describe('time in a rollout', () => {
  it('is written now and then, and passes the stage when it is over', async () => {
    const cluster = await soaking();
    const before = cluster.writes;
    await cluster.pass(24 * HOUR_MS - 1_000);
    expect(cluster.state.summary).to.equal('1/2 Soaking');
    expect(cluster.writes - before, 'every ten minutes').to.be.within(140, 150);
    await cluster.pass(2_000);
    expect(cluster.state).to.include({ summary: '2/2 WaitingForNodes', soakedSeconds: 0 });
    expect(cluster.told).to.deep.equal(['RolloutStarted', 'RolloutPromoted']);
  });

  it('loses no fraction of a second to many looks', async () => {
    const cluster = await soaking();
    for (let look = 0; look < 6_000; look++) {
      cluster.nowMs += 333;
      await cluster.step();
    }
    await cluster.pass(HOUR_MS);
    expect(cluster.state.soakedSeconds).to.be.within(3_600 + 1_998 - 601, 3_600 + 1_998);
  });

  it('that no process saw does not count, and of what one saw a restart loses little', async () => {
    const cluster = await soaking();
    await cluster.pass(5 * HOUR_MS);
    cluster.restart();
    cluster.nowMs += 100 * HOUR_MS;
    await cluster.step();
    expect(cluster.state.soakedSeconds).to.be.within(5 * 3_600 - 600, 5 * 3_600);
    await cluster.pass(HOUR_MS);
    expect(cluster.state.soakedSeconds).to.be.within(6 * 3_600 - 1_200, 6 * 3_600);
  });

  it('in which the process was stopped, or the API server not heard, does not count', async () => {
    const cluster = await soaking();
    cluster.nowMs += 100 * HOUR_MS;
    await cluster.step();
    expect(cluster.state.soakedSeconds).to.be.at.most(1_200);
    const before = cluster.state.soakedSeconds;
    cluster.isHeard = false;
    await cluster.pass(HOUR_MS);
    expect(cluster.state.soakedSeconds).to.equal(before);
  });

  it('stands still while no Pod is ready', async () => {
    const cluster = await soaking();
    await cluster.pass(HOUR_MS);
    cluster.run(new Date(Date.now() + HOUR_MS), false);
    await cluster.pass(50 * HOUR_MS);
    expect(cluster.state).to.include({ summary: '1/2 WaitingForPods', soakedSeconds: 3_600 });
  });

  it('begins anew with other rules, also what was not written yet', async () => {
    const cluster = await soaking();
    await cluster.pass(HOUR_MS);
    cluster.nowMs += 500_000;
    await cluster.step();
    cluster.profile.spec.defaultAction = 'SCMP_ACT_KILL_PROCESS';
    await cluster.settle();
    await cluster.step();
    await cluster.step();
    cluster.nowMs += 1_000;
    await cluster.pass(600_000);
    expect(cluster.state.soakedSeconds).to.be.at.most(601);
  });
});

describe('what is seen of a rollout', () => {
  it('is written, though not at once where nothing follows from it', async () => {
    const cluster = await soaking();
    cluster.report([call('mkdir', 1)]);
    const before = cluster.writes;
    cluster.nowMs += 1_000;
    expect(await cluster.step(), 'so long').to.equal(4_000);
    expect(cluster.writes).to.equal(before);
    cluster.nowMs += 4_000;
    await cluster.step();
    expect(cluster.state.evidence?.violations).to.equal(1);
    expect(cluster.writes).to.equal(before + 1);
  });

  it('is counted once, also by a process that starts in between', async () => {
    const cluster = await soaking();
    cluster.report([call('mkdir', 2)]);
    await cluster.pass(10_000);
    cluster.restart();
    await cluster.pass(10_000);
    expect(cluster.state.evidence?.violations).to.equal(2);
    cluster.report([call('mkdir', 2), call('rmdir', 1)]);
    await cluster.step();
    expect(cluster.state).to.include({ summary: '1/2 Held' });
    expect(cluster.state.evidence?.violations).to.equal(3);
  });

  it('is counted of a Pod that has ended before its node told of it', async () => {
    const cluster = await soaking();
    cluster.end();
    await cluster.step();
    cluster.report([call('mkdir', 3)]);
    await cluster.step();
    expect(cluster.state.summary).to.equal('1/2 Held');
  });

  it('is not counted of a container that has another profile', async () => {
    const cluster = await soaking();
    cluster.report([{ ...call('mkdir', 3), containerID: 'd' }]);
    await cluster.pass(10_000);
    expect(cluster.state.evidence?.violations).to.equal(0);
  });

  it('costs no write while nothing happens', async () => {
    const cluster = await soaking();
    cluster.report([call('mkdir', 3)]);
    await cluster.step();
    expect(cluster.state.summary).to.equal('1/2 Held');
    const before = cluster.writes;
    await cluster.pass(100 * HOUR_MS);
    expect(cluster.writes).to.equal(before);
  });

  it('is nothing to go by before the newest rules are settled and published', async () => {
    const cluster = await soaking();
    cluster.profile.metadata.generation = 2;
    cluster.nowMs += 100 * HOUR_MS;
    expect(await cluster.step()).to.equal(undefined);
    expect(cluster.state.summary).to.equal('1/2 Soaking');
  });
});
