import { expect } from 'chai';
import type { Condition, SeccompProfileStatus } from '../../../../src/core/api/seccomp-profile.ts';
import { findCondition } from '../../../../src/core/status/conditions.ts';
import type { Installation } from '../../../../src/core/status/installation.ts';
import { type ProfileFacts, profileStatus } from '../../../../src/core/status/profile-status.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const ON_ALL: Installation = { desired: 3, installed: 3, failed: [], behind: [], unreachable: [] };

const facts = (installation: Partial<Installation>, more: Partial<ProfileFacts> = {}): ProfileFacts => ({
  generation: 4,
  localhostProfile: 'operator/web.json',
  phase: { is: 'published' },
  digests: new Map([['amd64', 'sha256:a']]),
  installation: { ...ON_ALL, ...installation },
  users: { count: 0, first: [] },
  leaving: [],
  mode: 'Enforce',
  rollout: undefined,
  older: [],
  ...more,
});
const phase = (is: ProfileFacts['phase'], digests: [string, string][] = []) =>
  facts({}, { phase: is, digests: new Map(digests) });
const statusOf = (of: ProfileFacts, previous?: SeccompProfileStatus) => profileStatus(of, previous, NOW);
const readyOf = (of: ProfileFacts) => findCondition(statusOf(of).conditions, 'Ready') as Condition;
const failed = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ node: `n${index}`, reason: 'DiskFull', message: 'no space left' }));

/**
 * What `kubectl wait`, Flux and Argo CD make of a status: the generic part of `Compute` in sigs.k8s.io/cli-utils,
 * pkg/kstatus/status, for an object of this generation that is not being deleted.
 */
function kstatus({ observedGeneration, conditions }: SeccompProfileStatus, generation: number): string {
  if (observedGeneration !== generation) return 'InProgress';
  if (findCondition(conditions, 'Reconciling')?.status === 'True') return 'InProgress';
  if (findCondition(conditions, 'Stalled')?.status === 'True') return 'Failed';
  return findCondition(conditions, 'Ready')?.status === 'True' ? 'Current' : 'InProgress';
}

const STALLED = { is: 'stalled', reason: 'BaseMissing', message: 'there is no profile "base".' } as const;
const RETRYING = { is: 'retrying', reason: 'PublishFailed', message: 'the API server refused it' } as const;

describe('a profile', () => {
  const cases: [string, ProfileFacts, ready: string, kstatus: string, also?: string][] = [
    ['that all nodes hold is ready', facts({}), 'True Installed', 'Current'],
    [
      'is ready though a node that went away may not hold it',
      facts({ installed: 2, unreachable: ['n3'] }),
      'True Installed',
      'Current',
    ],
    [
      'is not ready while one node is behind',
      facts({ installed: 2, behind: ['n3'] }),
      'False WaitingForNodes',
      'InProgress',
      'Reconciling',
    ],
    [
      'is not ready while one node cannot hold it',
      facts({ installed: 2, failed: failed(1) }),
      'False InstallFailed',
      'InProgress',
      'Reconciling',
    ],
    [
      'says what failed before whom it waits for',
      facts({ installed: 1, failed: failed(1), behind: ['n3'] }),
      'False InstallFailed',
      'InProgress',
      'Reconciling',
    ],
    ['without a node is not said to be ready', facts({ desired: 0, installed: 0 }), 'Unknown NoNodes', 'InProgress'],
    [
      'is not said to be ready when all nodes went away',
      facts({ desired: 1, installed: 0, unreachable: ['n1'] }),
      'Unknown NoReachableNodes',
      'InProgress',
      'Reconciling',
    ],
    [
      'that was just edited is not ready, though nodes hold what it was',
      phase({ is: 'rendering' }),
      'False Rendering',
      'InProgress',
      'Reconciling',
    ],
    ['that cannot be rendered waits for a person', phase(STALLED), 'False BaseMissing', 'Failed', 'Stalled'],
    ['that the API server refuses is tried again', phase(RETRYING), 'False PublishFailed', 'InProgress', 'Reconciling'],
    ['that is disabled is at rest', phase({ is: 'disabled' }), 'False Disabled', 'InProgress'],
    ['that is deleted is on its way out', phase({ is: 'deleting' }), 'False Deleting', 'InProgress', 'Reconciling'],
  ];
  for (const [what, of, ready, seen, also] of cases) {
    it(what, () => {
      const status = statusOf(of);
      const [first, ...others] = status.conditions as Condition[];
      expect(`${first?.type} ${first?.status} ${first?.reason}`).to.equal(`Ready ${ready}`);
      expect(others.map(({ type, status: value }) => `${type} ${value}`)).to.deep.equal(also ? [`${also} True`] : []);
      expect(kstatus(status, of.generation)).to.equal(seen);
    });
  }
});

describe('the message of Ready', () => {
  const cases: [string, ProfileFacts, string][] = [
    ['says where it is and what a Pod has to name', facts({}), 'on 3 of 3 nodes as operator/web.json'],
    [
      'names the nodes that cannot be reached',
      facts({ installed: 2, unreachable: ['n3'] }),
      'on 2 of 3 nodes as operator/web.json; unreachable: n3',
    ],
    ['names the nodes it waits for', facts({ installed: 1, behind: ['a', 'b'] }), 'waiting for 2 of 3 nodes: a, b'],
    [
      'says the cause on the first node, and names the others',
      facts({ installed: 1, failed: failed(2) }),
      '2 of 3 nodes could not install it: n0: DiskFull: no space left (and n1)',
    ],
    [
      'says whether nodes hold an older version of one that cannot be rendered',
      phase(STALLED, [['amd64', 'sha256:a']]),
      'there is no profile "base". Nodes keep the last good version.',
    ],
    [
      'says that no node holds one that never could',
      phase(STALLED),
      'there is no profile "base". No node holds it yet.',
    ],
    [
      'names the nodes that a deleted one is still removed from',
      facts({}, { phase: { is: 'deleting' }, leaving: ['a', 'b'] }),
      'being removed from a, b',
    ],
    [
      'does not say of a disabled one that no node holds it before that is so',
      facts({}, { phase: { is: 'disabled' }, leaving: ['a'] }),
      'spec.state is Disabled: being removed from a',
    ],
    ['says that a refused write is tried again', phase(RETRYING), 'the API server refused it; trying again'],
  ];
  for (const [what, of, message] of cases) {
    it(what, () => {
      expect(readyOf(of).message).to.equal(message);
    });
  }

  it('fits the schema, however long a node’s name or cause is', () => {
    const long = [{ node: 'n'.repeat(253), reason: 'DiskFull', message: 'm'.repeat(2000) }];
    expect(readyOf(facts({ failed: long })).message).to.have.lengthOf(1024);
  });
});

describe('the status of a profile', () => {
  it('counts nodes and sums them up', () => {
    const { nodes } = statusOf(
      facts({ desired: 9, installed: 5, failed: failed(2), behind: ['x'], unreachable: ['y'] }),
    );
    expect(nodes).to.deep.equal({ desired: 9, installed: 5, failed: 2, unreachable: 1, summary: '5/9' });
  });

  it('lists ten failures and counts them all', () => {
    const { failures, nodes } = statusOf(facts({ desired: 40, failed: failed(37) }));
    expect(failures).to.have.lengthOf(10);
    expect(nodes?.failed).to.equal(37);
  });

  it('cuts the message of a failure', () => {
    const { failures } = statusOf(facts({ failed: [{ node: 'n', reason: 'DiskFull', message: 'm'.repeat(300) }] }));
    expect(failures?.[0]?.message).to.have.lengthOf(256);
  });

  it('has no variants where nodes of two architectures hold the same file', () => {
    const status = statusOf(
      phase({ is: 'published' }, [
        ['amd64', 'sha256:a'],
        ['arm64', 'sha256:a'],
      ]),
    );
    expect(status).to.have.property('digest', 'sha256:a');
    expect(status).not.to.have.property('variants');
  });

  it('has a digest for each architecture where they differ', () => {
    const { variants } = statusOf(
      phase({ is: 'published' }, [
        ['amd64', 'sha256:a'],
        ['arm64', 'sha256:b'],
      ]),
    );
    expect(variants).to.deep.equal([
      { architecture: 'amd64', digest: 'sha256:a' },
      { architecture: 'arm64', digest: 'sha256:b' },
    ]);
  });

  it('has neither digest nor failures where there is nothing to say', () => {
    expect(statusOf(phase(STALLED))).to.have.all.keys(
      'observedGeneration',
      'localhostProfile',
      'mode',
      'nodes',
      'usedBy',
      'conditions',
    );
  });

  it('keeps the time of a condition that stays, also in a new generation', () => {
    const before = profileStatus(facts({}), undefined, new Date('2026-02-01T00:00:00Z'));
    const [ready] = statusOf(facts({}, { generation: 5 }), before).conditions as Condition[];
    expect(ready).to.include({ lastTransitionTime: '2026-02-01T00:00:00Z', observedGeneration: 5 });
  });

  describe('of a profile that Pods use', () => {
    const used = (is: 'deleting' | 'disabled' | 'published', count: number) =>
      facts({}, { phase: { is }, users: { count, first: ['shop/a', 'shop/b', 'shop/c'].slice(0, count) } });

    it('counts them', () => {
      expect(statusOf(used('published', 2)).usedBy).to.equal(2);
      expect(readyOf(used('published', 2)).status).to.equal('True');
    });

    it('names them while it waits to go', () => {
      for (const is of ['deleting', 'disabled'] as const) {
        const { conditions } = statusOf(used(is, 5));
        expect(conditions?.map(({ type, status, reason }) => [type, status, reason])).to.deep.equal([
          ['Ready', 'False', 'InUse'],
          ['InUse', 'True', 'InUse'],
        ]);
        expect(findCondition(conditions, 'InUse')?.message).to.include(
          '5 Pods use it: shop/a, shop/b, shop/c and 2 more',
        );
      }
    });

    it('says nothing of them where no node holds it any more', () => {
      const gone = { ...used('disabled', 1), digests: new Map<string, string>() };
      expect(readyOf(gone).reason).to.equal('Disabled');
    });
  });
});
