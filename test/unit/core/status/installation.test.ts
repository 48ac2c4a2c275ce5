import { expect } from 'chai';
import fc from 'fast-check';
import { NO_REPORT, type NodeReport } from '../../../../src/core/fleet/node-report.ts';
import {
  type ExpectedBundle,
  type FleetNode,
  holdsOtherBundle,
  installationOf,
  isOnItsWay,
} from '../../../../src/core/status/installation.ts';

const PUBLISHED = '100';
const EXPECTED: ExpectedBundle = { digest: 'sha256:all', changedAt: '100', seenTo: '120' };
const DISK_FULL = { reason: 'DiskFull', message: 'no space left' };

const node = (report: Partial<NodeReport>, more: Partial<FleetNode> = {}): FleetNode => ({
  name: 'n1',
  architecture: 'amd64',
  reachable: true,
  report: { ...NO_REPORT, bundleDigest: EXPECTED.digest, ...report },
  ...more,
});
const failing = (profile: string) => ({ failures: new Map([[profile, DISK_FULL]]) });
const installation = (...nodes: FleetNode[]) =>
  installationOf(
    'web',
    () => PUBLISHED,
    nodes,
    () => EXPECTED,
  );

describe('a profile on a node', () => {
  type Outcome = 'installed' | 'failed' | 'behind' | 'unreachable';
  const away = { reachable: false };
  const cases: [string, FleetNode, Outcome][] = [
    ['is installed when the node has applied its very version', node({ resourceVersion: '100' }), 'installed'],
    ['is installed when the node has applied later changes', node({ resourceVersion: '1000' }), 'installed'],
    ['is awaited when the node is one change behind', node({ resourceVersion: '99' }), 'behind'],
    ['is awaited when the node never reported', node(NO_REPORT), 'behind'],
    ['failed when the node says so', node({ resourceVersion: '100', ...failing('web') }), 'failed'],
    ['is installed when another one failed', node({ resourceVersion: '100', ...failing('db') }), 'installed'],
    ['is awaited when what failed is an older version', node({ resourceVersion: '99', ...failing('web') }), 'behind'],
    ['failed when the node can hold none', node({ trouble: DISK_FULL }), 'failed'],
    ['failed when more failed than listed', node({ resourceVersion: '100', trouble: DISK_FULL }), 'failed'],
    ['failed when the files are others', node({ resourceVersion: '110', bundleDigest: 'sha256:x' }), 'failed'],
    ['stays installed on a node that went away', node({ resourceVersion: '100' }, away), 'installed'],
    ['is not awaited on a node that went away before', node({ resourceVersion: '99' }, away), 'unreachable'],
    ['is not failed where the node went away since', node({ trouble: DISK_FULL }, away), 'unreachable'],
  ];
  for (const [what, member, outcome] of cases) {
    it(what, () => {
      const { installed, failed, behind, unreachable } = installation(member);
      const counts = { installed, failed: failed.length, behind: behind.length, unreachable: unreachable.length };
      expect(counts).to.deep.equal({ installed: 0, failed: 0, behind: 0, unreachable: 0, [outcome]: 1 });
    });
  }

  it('failed for the cause that the node gives for it, before one that concerns all', () => {
    const trouble = { reason: 'InstallFailed', message: '20 profiles are not installed' };
    const [failure] = installation(node({ resourceVersion: '100', trouble, ...failing('web') })).failed;
    expect(failure).to.deep.equal({ node: 'n1', ...DISK_FULL });
  });

  it('is compared with the files of its own architecture', () => {
    const bundles: Record<string, ExpectedBundle> = { amd64: EXPECTED, arm64: { ...EXPECTED, digest: 'sha256:arm' } };
    const arm = { name: 'arm', architecture: 'arm64' };
    const nodes = [
      node({ resourceVersion: '110' }),
      node({ resourceVersion: '110', bundleDigest: 'sha256:arm' }, arm),
      node({ resourceVersion: '110' }, { ...arm, name: 'wrong' }),
    ];
    const result = installationOf(
      'web',
      () => PUBLISHED,
      nodes,
      each => bundles[each.architecture] as ExpectedBundle,
    );
    expect(result.installed).to.equal(2);
    expect(result.failed.map(({ node: name, reason }) => [name, reason])).to.deep.equal([['wrong', 'BundleMismatch']]);
  });
});

describe('a profile on all nodes', () => {
  it('names nodes in order, whatever the order they came in', () => {
    const names = ['c', 'a', 'b'];
    const each = (report: Partial<NodeReport>, more: Partial<FleetNode> = {}) =>
      names.map(name => node(report, { ...more, name }));
    const sorted = ['a', 'b', 'c'];
    expect(installation(...each({})).behind).to.deep.equal(sorted);
    expect(installation(...each({}, { reachable: false })).unreachable).to.deep.equal(sorted);
    const { failed } = installation(...each({ trouble: DISK_FULL }));
    expect(failed.map(failure => failure.node)).to.deep.equal(sorted);
  });

  it('counts every node once', () => {
    const members = fc.array(
      fc.record({
        at: fc.constantFrom(undefined, '99', '100', '110', '130'),
        ok: fc.boolean(),
        reachable: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(members, drawn => {
        const nodes = drawn.map(({ at, ok, reachable }, index) =>
          node({ resourceVersion: at, ...(ok ? {} : failing('web')) }, { name: `n${index}`, reachable }),
        );
        const { desired, installed, failed, behind, unreachable } = installation(...nodes);
        expect(desired).to.equal(nodes.length);
        expect(installed + failed.length + behind.length + unreachable.length).to.equal(desired);
      }),
    );
  });

  it('is on no node where there is none', () => {
    expect(installation()).to.deep.equal({ desired: 0, installed: 0, failed: [], behind: [], unreachable: [] });
  });
});

describe('a node’s files', () => {
  const other = (report: Partial<NodeReport>): NodeReport => ({ ...NO_REPORT, bundleDigest: 'sha256:x', ...report });
  const cases: [string, NodeReport, boolean][] = [
    ['are others where both sides speak of one moment', other({ resourceVersion: '110' }), true],
    ['are others at the moment of the last change', other({ resourceVersion: '100' }), true],
    ['are others up to all that the operator saw', other({ resourceVersion: '120' }), true],
    ['are not compared before the last change', other({ resourceVersion: '99' }), false],
    ['are not compared past what the operator saw', other({ resourceVersion: '121' }), false],
    ['are not compared while some cannot be written', other({ resourceVersion: '110', ...failing('db') }), false],
    ['are not compared before the first report', other({}), false],
    ['are the same where the digest is', other({ resourceVersion: '110', bundleDigest: EXPECTED.digest }), false],
  ];
  for (const [what, report, expected] of cases) {
    it(what, () => {
      expect(holdsOtherBundle(report, EXPECTED)).to.equal(expected);
    });
  }
});

describe('a node on its way', () => {
  const cases: [string, FleetNode, boolean][] = [
    ['has not reported', node({}), true],
    ['has not applied the last change', node({ resourceVersion: '99' }), true],
    ['has arrived with the last change', node({ resourceVersion: '100' }), false],
    ['is not one that nobody hears', node({}, { reachable: false }), false],
    ['is not one that cannot go on by itself', node({ trouble: DISK_FULL }), false],
  ];
  for (const [what, member, expected] of cases) {
    it(what, () => {
      expect(isOnItsWay(member, EXPECTED)).to.equal(expected);
    });
  }
});
