import { expect } from 'chai';
import type { RolloutState } from '../../../../src/core/api/seccomp-profile.ts';
import { type SeenNode, type SeenPod, seenOf, ViolationCount } from '../../../../src/core/rollout/evidence.ts';
import type { PlannedStage } from '../../../../src/core/rollout/plan.ts';

const at = (second: number) => new Date(Date.UTC(2026, 10, 24, 10, 0, second)).toISOString().replace(/\.\d+/, '');
const stage = (nodeSelector?: Record<string, string>): PlannedStage =>
  ({ mode: 'Enforce', nodeSelector }) as PlannedStage;
const PLAN = [stage(), stage({ canary: 'true' })];
const STATE = { stage: 2, installedAt: at(10), rulesSince: at(5) } as RolloutState;

const node = (name: string, more: Partial<SeenNode> = {}): SeenNode => ({
  name,
  labels: { canary: 'true' },
  since: {},
  isInstalled: true,
  watched: true,
  records: [],
  ...more,
});
const pod = (uid: string, on: string, ...started: number[]): SeenPod & { uid: string } => ({
  uid,
  node: on,
  ready: true,
  containers: started.map((second, index) => ({ id: `${uid}-${index}`, startedAt: Date.parse(at(second)) })),
});
const record = (uid: string, container: string, count = 1, firstTime = at(30)) => ({
  podUID: uid,
  containerID: container,
  call: 'mkdir',
  count,
  firstTime,
});
const see = (nodes: SeenNode[], pods: (SeenPod & { uid: string })[], state: Partial<RolloutState> = {}, plan = PLAN) =>
  seenOf(plan, { ...STATE, ...state }, nodes, pods, (_node, podUID) => pods.find(({ uid }) => uid === podUID));

describe('what is seen of a stage', () => {
  it('are Pods on its nodes that started after these held its form', () => {
    const nodes = [node('a'), node('b', { labels: {} })];
    const pods = [pod('new', 'a', 11, 12), pod('old', 'a', 10), pod('half', 'a', 9, 20), pod('elsewhere', 'b', 20)];
    expect(see(nodes, pods)).to.deep.include({ nodes: 1, pods: 1, outdatedPods: 2 });
  });

  it('are no Pods that are not ready, run nowhere, or on a node that is not ours', () => {
    const pods = [{ ...pod('unready', 'a', 20), ready: false }, pod('pending', 'a'), pod('foreign', 'x', 20)];
    expect(see([node('a')], pods)).to.deep.include({ pods: 0, outdatedPods: 0 });
  });

  it('is nothing before all nodes held it', () => {
    const { installedAt: _, ...state } = STATE;
    const pods = [pod('p', 'a', 50)];
    expect(seenOf(PLAN, state as RolloutState, [node('a')], pods, () => pods[0])).to.deep.include({ pods: 0 });
  });

  it('begins on a node when it got the label by which the stage selects it', () => {
    const nodes = [node('a', { since: { canary: at(20), other: at(50) } })];
    expect(see(nodes, [pod('before', 'a', 15), pod('after', 'a', 25)])).to.deep.include({ pods: 1, outdatedPods: 1 });
  });

  it('needs violations to be counted where its Pods run, and only there', () => {
    const nodes = [node('a', { watched: 'Blind: no right' }), node('b', { watched: 'not counted there' }), node('c')];
    expect(see(nodes, [pod('p', 'c', 20)]).watched).to.equal(true);
    expect(see(nodes, [pod('p', 'a', 20), pod('q', 'c', 20)]).watched).to.equal('on a: Blind: no right');
  });

  describe('of violations', () => {
    const counts = (...args: Parameters<typeof see>) => [...see(...args).violations.values()];

    it('are those of containers that started under these rules, in whatever form', () => {
      const records = [record('now', 'now-0', 3), record('earlier', 'earlier-0', 2), record('old', 'old-0', 9)];
      const pods = [pod('now', 'a', 20), pod('earlier', 'a', 6), pod('old', 'a', 4)];
      expect(counts([node('a', { records })], pods)).to.deep.equal([3, 2]);
    });

    it('are those of a container that has gone, if it made the call under these rules', () => {
      const records = [record('p', 'gone-1', 1, at(30)), record('p', 'gone-2', 1, at(4))];
      expect(counts([node('a', { records })], [pod('p', 'a', 40)])).to.deep.equal([1]);
    });

    it('are none of Pods that do not use the profile, or of nodes that hold what was before', () => {
      const records = [record('stranger', 's-0'), record('p', 'p-0')];
      const before = [{ key: 'profile.json', digest: 'sha256:b' }];
      const plan = [stage({ canary: 'true' }), stage()];
      const nodes = [node('a', { labels: {}, records })];
      expect(counts(nodes, [pod('p', 'a', 20)], { stage: 1, before }, plan)).to.deep.equal([]);
      expect(counts(nodes, [pod('p', 'a', 20)], { stage: 2, before }, plan)).to.deep.equal([1]);
      // It held what was before until this stage.
      expect(counts(nodes, [pod('p', 'a', 8)], { stage: 2, before }, plan)).to.deep.equal([]);
    });
  });
});

describe('the count of violations', () => {
  const counts = (entries: Record<string, number>) => new Map(Object.entries(entries));

  it('is exact from look to look, whatever comes and goes', () => {
    const count = new ViolationCount();
    expect(count.look(counts({ a: 2 }), 0)).to.deep.equal({ isNew: 2, inReports: 2 });
    count.written();
    expect(count.look(counts({ a: 3, b: 1 }), 2)).to.deep.equal({ isNew: 2, inReports: 4 });
    expect(count.look(counts({ c: 1 }), 2), 'a and b are gone, and c is new').to.deep.equal({ isNew: 3, inReports: 1 });
    count.written();
    expect(count.look(counts({ c: 1 }), 1)).to.deep.equal({ isNew: 0, inReports: 1 });
    expect(count.look(counts({ a: 1, c: 1 }), 1), 'begun anew').to.deep.equal({ isNew: 1, inReports: 2 });
  });

  it('goes on after a restart from what the reports held then', () => {
    expect(new ViolationCount().look(counts({ a: 5, b: 2 }), 4)).to.deep.equal({ isNew: 3, inReports: 7 });
    expect(new ViolationCount().look(counts({ b: 2 }), 4)).to.deep.equal({ isNew: 0, inReports: 2 });
  });
});
