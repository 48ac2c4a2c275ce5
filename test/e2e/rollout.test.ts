import { expect } from 'chai';
import type { RolloutState, Stage } from '../../src/core/api/seccomp-profile.ts';
import { Installation } from '../rig/cluster/installation.ts';
import { until } from '../rig/until.ts';
import { Pods } from '../support/pods.ts';

const CANARY = { canary: 'true' };
const STAGES: Stage[] = [
  { mode: 'Audit', soak: '1s' },
  { mode: 'Enforce', soak: '1s', nodeSelector: CANARY, onViolations: 'RollBack' },
  { mode: 'Enforce', soak: '1s' },
];
/** Without the flag a refusal leaves no record. */
const REFUSES_MKDIR = {
  defaultAction: 'SCMP_ACT_ALLOW',
  flags: ['SECCOMP_FILTER_FLAG_LOG'],
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
};

describe('rollouts on two real nodes, on what their kernel says', function () {
  this.timeout(300_000);
  let system: Installation;
  let pods: Pods;

  before(async () => {
    system = await Installation.start({ hostNetwork: 'machine' });
    pods = new Pods(system);
    await system.kubectl(['label', 'node', 'node-1', 'canary=true']);
    await system.countViolations();
  });
  after(() => system?.stop());

  const apply = (name: string, stages: Stage[] = STAGES) =>
    system.profiles.apply(name, { ...REFUSES_MKDIR, rollout: { stages } });
  const state = async (name: string) => (await system.profiles.get(name)).status?.rollout as RolloutState | undefined;
  const outcomes = async (name: string) =>
    (await state(name))?.history?.map(({ stage, outcome }) => `${stage} ${outcome}`).reverse();

  /** What a workload's owner does whenever the rollout waits for Pods, until it is where it should be. */
  async function restartPods(
    name: string,
    { to, atEach = async () => {} }: { to: string; atEach?: (summary: string) => Promise<void> },
  ): Promise<void> {
    const seen = new Set<string>();
    const step = async () => {
      const { summary = '', phase } = (await state(name)) ?? {};
      if (summary === to) return true;
      if (summary && !seen.has(summary)) {
        seen.add(summary);
        await atEach(summary);
      }
      if (phase === 'WaitingForPods') await startPod(name);
      return false;
    };
    await until(`${name} comes to ${to}`, step, { timeoutMs: 240_000 });
  }

  /** On the canary. The kubelet says in whole seconds when a container started, and it has to be after the file was there. */
  async function startPod(name: string): Promise<void> {
    await system.kubectl(['delete', 'pod', name, '--ignore-not-found', '--wait']);
    await pods.shell(name, 'sleep 3600', { profile: name, node: 'node-1' });
    await pods.untilReady(name);
    await until('it is evidence, or the next second has begun', async () => {
      const startedAt = (await pods.container(name))?.state.running?.startedAt ?? '';
      return (await state(name))?.phase !== 'WaitingForPods' || Date.now() > Date.parse(startedAt) + 2_000;
    });
  }

  it('goes from Audit to Enforce by itself', async () => {
    await apply('web');
    await restartPods('web', { to: '3/3 Completed' });
    expect(await outcomes('web')).to.deep.equal(['1 Promoted', '2 Promoted', '3 Completed']);
    for (const node of ['node-1', 'node-2']) expect(await system.read(node, 'web')).to.include('SCMP_ACT_ERRNO');
    expect(await pods.exec('web', 'sh', '-c', 'mkdir /tmp/x 2>&1 || true')).to.include('Operation not permitted');
    await system.profiles.untilReady('web');
  });

  it('is taken back when a Pod on the canary is refused a call', async () => {
    await apply(
      'back',
      STAGES.map(stage => ({ ...stage, soak: stage.nodeSelector ? '1h' : '1s' })),
    );
    await restartPods('back', { to: '2/3 Soaking' });
    expect(await system.read('node-1', 'back')).to.include('SCMP_ACT_ERRNO');
    expect(await system.read('node-2', 'back')).to.include('SCMP_ACT_LOG');
    await pods.exec('back', 'sh', '-c', 'mkdir /tmp/x || true');
    await until('it is taken back', async () => (await state('back'))?.summary === '1/3 RolledBack');
    await until('the canary only logs', async () => (await system.read('node-1', 'back')).includes('SCMP_ACT_LOG'));
    expect(await outcomes('back')).to.deep.equal(['1 Promoted', '2 RolledBack']);
  });

  it('holds where a Pod makes a call that would be refused, in Audit already', async () => {
    await apply('held', [{ mode: 'Audit', soak: '1h' }, ...STAGES.slice(1)]);
    await restartPods('held', { to: '1/3 Soaking' });
    await pods.exec('held', 'mkdir', '/tmp/x');
    await until('it is held', async () => (await state('held'))?.summary === '1/3 Held');
    expect(await system.read('node-1', 'held'))
      .to.include('SCMP_ACT_LOG')
      .and.not.to.include('SCMP_ACT_ERRNO');
  });

  it('skips no stage when the operator that leads is killed in each', async () => {
    await apply(
      'killed',
      STAGES.map(stage => ({ ...stage, soak: '3s' })),
    );
    const kills: string[] = [];
    const killLeader = async (summary: string) => {
      if (!summary.endsWith('Soaking')) return;
      kills.push(summary);
      const leader = await system.leader();
      await system.kubectl(['delete', 'pod', '-n', 'seccomp-operator', leader, '--force', '--grace-period=0']);
      await until('another one leads', async () => ![leader, ''].includes(await system.leader()), {
        timeoutMs: 60_000,
      });
    };
    await restartPods('killed', { to: '3/3 Completed', atEach: killLeader });
    expect(kills).to.deep.equal(['1/3 Soaking', '2/3 Soaking', '3/3 Soaking']);
    expect(await outcomes('killed')).to.deep.equal(['1 Promoted', '2 Promoted', '3 Completed']);
  });

  it('stays where it is without Pods, while others have passed', async () => {
    await apply('idle');
    await until('it waits for Pods', async () => (await state('idle'))?.summary === '1/3 WaitingForPods');
    await apply('busy');
    await restartPods('busy', { to: '3/3 Completed' });
    expect(await state('idle')).to.include({ summary: '1/3 WaitingForPods', soakedSeconds: 0 });
  });
});
