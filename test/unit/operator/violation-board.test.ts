import { expect } from 'chai';
import type { SeccompProfile } from '../../../src/core/api/seccomp-profile.ts';
import type { Sighting } from '../../../src/core/violations/ledger.ts';
import type { NodeViolation, NodeViolations } from '../../../src/core/violations/report.ts';
import { PodIndex } from '../../../src/operator/pod-index.ts';
import { type Pod, podUse } from '../../../src/operator/pod-uses.ts';
import { ViolationBoard } from '../../../src/operator/violation-board.ts';

const MINUTE = 60_000;
const stamp = (ms: number) => new Date(Date.UTC(2026, 10, 24, 12) + ms).toISOString().replace(/\.\d+/, '');

function cluster() {
  /** Containers that started before `loggedUntil` log for a recording. */
  const state = { now: 0, loggedUntil: Number.NEGATIVE_INFINITY };
  const now = () => state.now;
  const profiles = new Map<string, SeccompProfile>();
  const pods = new PodIndex(now);
  const told: Sighting[] = [];
  const looks: [string, number][] = [];
  const board = new ViolationBoard({
    pods,
    profiles,
    looksAtArguments: () => false,
    isForRecording: (_, startedAt) => startedAt < state.loggedUntil,
    changed: (profile, inMs) => looks.push([profile, inMs]),
    tell: sighting => told.push(sighting),
    now,
  });
  const profile = (name: string, status?: SeccompProfile['status']) => {
    const object: SeccompProfile = {
      apiVersion: 'seccomp-operator.dev/v1alpha1',
      kind: 'SeccompProfile',
      metadata: { name, creationTimestamp: stamp(-MINUTE) },
      spec: { defaultAction: 'SCMP_ACT_ERRNO' },
      ...(status ? { status } : {}),
    };
    profiles.set(name, object);
    board.opened(object);
  };
  const pod = (name: string, file: string, more: Partial<Pod['metadata']> = {}): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, ...more },
    spec: {
      nodeName: 'node-a',
      containers: [
        {
          name: 'app',
          securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: `operator/${file}.json` } },
        },
      ],
    },
  });
  const seen = (object: Pod) => {
    pods.changed({ item: podUse(object), previous: undefined });
    board.podSeen(podUse(object).nodeUid);
  };
  const gone = (object: Pod) => pods.changed({ item: undefined, previous: podUse(object) });
  return { state, board, profile, pod, seen, gone, told, looks };
}

const entry = (podUID: string, over: Partial<NodeViolation> = {}): NodeViolation => ({
  podUID,
  containerID: 'c1',
  syscall: 'mkdir',
  architecture: 'SCMP_ARCH_X86_64',
  action: 'SCMP_ACT_LOG',
  command: 'sh',
  count: 1,
  firstTime: stamp(0),
  lastTime: stamp(0),
  ...over,
});

const report = (entries: NodeViolation[], over: Partial<NodeViolations> = {}): NodeViolations => ({
  state: 'Watching',
  message: '',
  source: 'AuditNetlink',
  since: stamp(0),
  recorded: entries.reduce((sum, { count }) => sum + count, 0),
  lost: 0,
  unattributed: 0,
  unlisted: 0,
  entries,
  ...over,
});

describe('what the status of a profile says of violations', () => {
  it('is there at once for a call that is new, with Pod and container', () => {
    const { board, profile, pod, seen, told, looks } = cluster();
    profile('web');
    seen(pod('a', 'web'));
    board.reported('node-a', report([entry('uid-a')]));
    expect(board.published('web')?.calls[0]).to.deep.include({ count: 1, pods: ['shop/a/app'], nodes: ['node-a'] });
    expect(looks).to.deep.equal([['web', 0]]);
    expect(told.map(({ usage, isFirst }) => [usage.pod, isFirst])).to.deep.equal([['shop/a', true]]);
  });

  it('is renewed once a minute for what is known, and people are told once an hour', () => {
    const { state, board, profile, pod, seen, told, looks } = cluster();
    profile('web');
    seen(pod('a', 'web'));
    board.reported('node-a', report([entry('uid-a')]));
    state.now = 10_000;
    board.reported('node-a', report([entry('uid-a', { count: 5 })]));
    board.publish('web');
    expect(board.published('web')?.total).to.equal(1);
    expect(looks.at(-1)).to.deep.equal(['web', 50_000]);
    state.now = MINUTE;
    board.publish('web');
    expect(board.published('web')?.total).to.equal(5);
    expect(told).to.have.length(1);
    state.now = 60 * MINUTE;
    board.reported('node-a', report([entry('uid-a', { count: 6 })]));
    expect(told).to.have.length(2);
  });

  it('is nothing of what a container calls that logs for a recording', () => {
    const { state, board, profile, pod, seen, told } = cluster();
    profile('web');
    seen(pod('a', 'web'));
    state.loggedUntil = Date.parse(stamp(MINUTE));
    const late = { firstTime: stamp(2 * MINUTE), lastTime: stamp(2 * MINUTE) };
    board.reported(
      'node-a',
      report([entry('uid-a'), entry('uid-a', { ...late, containerID: 'c2', syscall: 'rmdir' })]),
    );
    expect(board.published('web')?.calls.map(({ syscall }) => syscall)).to.deep.equal(['rmdir']);
    expect(told).to.have.length(1);
  });

  it('waits for a Pod that is not known yet', () => {
    const { board, profile, pod, seen } = cluster();
    profile('web');
    board.reported('node-a', report([entry('uid-a')]));
    expect(board.published('web')).to.equal(undefined);
    seen(pod('a', 'web'));
    expect(board.published('web')?.total).to.equal(1);
  });

  it('counts Pods that ended a moment ago', () => {
    const { state, board, profile, pod, seen, gone } = cluster();
    profile('web');
    const job = pod('job', 'web');
    seen(job);
    gone(job);
    state.now = MINUTE;
    board.reported('node-a', report([entry('uid-job')]));
    expect(board.published('web')?.total).to.equal(1);
  });

  it('knows static Pods by the number that the kubelet gave them', () => {
    const { board, profile, pod, seen } = cluster();
    profile('web');
    const annotations = { 'kubernetes.io/config.hash': '36b6d6be73b1065af369b3985edafa09' };
    seen(pod('kube-proxy', 'web', { annotations }));
    board.reported('node-a', report([entry('36b6d6be73b1065af369b3985edafa09')]));
    expect(board.published('web')?.calls[0]?.pods).to.deep.equal(['shop/kube-proxy/app']);
  });

  const ignored: [string, (c: ReturnType<typeof cluster>) => void][] = [
    [
      'Pods of other nodes, of which a node has nothing to say',
      ({ board }) => board.reported('node-b', report([entry('uid-a')])),
    ],
    [
      'calls from before the profile was made',
      ({ board }) => board.reported('node-a', report([entry('uid-a', { lastTime: stamp(-2 * MINUTE) })])),
    ],
    ['Pods without a profile of ours', ({ board }) => board.reported('node-a', report([entry('uid-other')]))],
    [
      'Pods whose profile there is not',
      ({ board, pod, seen }) => {
        seen(pod('lost', 'gone'));
        board.reported('node-a', report([entry('uid-lost')]));
      },
    ],
  ];
  for (const [what, act] of ignored) {
    it(`ignores ${what}`, () => {
      const all = cluster();
      all.profile('web');
      all.seen(all.pod('a', 'web'));
      act(all);
      expect(all.board.published('web')).to.equal(undefined);
      expect(all.told).to.deep.equal([]);
    });
  }

  it('goes on after a restart, and tells nobody again', () => {
    const before = cluster();
    before.profile('web');
    before.seen(before.pod('a', 'web'));
    before.board.reported('node-a', report([entry('uid-a', { count: 4 })]));
    const now = new Date().toISOString().replace(/\.\d+/, '');
    const violations = before.board.published('web');
    const calls = violations?.calls.map(call => ({ ...call, lastTime: now })) ?? [];
    const after = cluster();
    after.profile('web', { violations: { ...violations, calls, lastTime: now } as never });
    after.seen(after.pod('a', 'web'));
    after.board.reported('node-a', report([entry('uid-a', { count: 6 })]));
    after.state.now = MINUTE;
    after.board.publish('web');
    expect(after.board.published('web')?.total).to.equal(6);
    expect(after.told).to.deep.equal([]);
  });

  it('adds up records of all nodes, also when one begins to count anew', () => {
    const { board } = cluster();
    board.reported('node-a', report([], { recorded: 10, lost: 2 }));
    board.reported('node-a', report([], { recorded: 15, lost: 2 }));
    board.reported('node-a', report([], { recorded: 3, lost: 1, since: stamp(MINUTE) }));
    expect(board.records).to.include({ recorded: 18, lost: 3 });
  });
});
