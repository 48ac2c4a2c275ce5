import { expect } from 'chai';
import { NO_REPORT, type NodeReport } from '../../../../src/core/fleet/node-report.ts';
import type { ExpectedBundle, FleetNode } from '../../../../src/core/status/installation.ts';
import { leavingNodes } from '../../../../src/core/status/leaving.ts';

const WITHOUT: ExpectedBundle = { digest: 'sha256:without', changedAt: '90', seenTo: '120' };
const node = (report: Partial<NodeReport>, reachable = true): FleetNode => ({
  name: 'n1',
  architecture: 'amd64',
  reachable,
  report: { ...NO_REPORT, bundleDigest: 'sha256:with', ...report },
});
const failing = { failures: new Map([['web', { reason: 'IoError', message: 'read-only' }]]) };

describe('a node that a removed profile', () => {
  const cases: [string, FleetNode, goneAt: string | undefined, waits: boolean][] = [
    ['was removed later from than it has seen is waited for', node({ resourceVersion: '99' }), '100', true],
    ['is gone from is not', node({ resourceVersion: '100' }), '100', false],
    ['is gone from, by the digest of all it holds, is not', holding('sha256:without', '99'), '100', false],
    ['could not be removed from has said so', node({ resourceVersion: '100', ...failing }), '100', false],
    ['may be on while nobody can reach it is not', node({ resourceVersion: '99' }, false), '100', false],
    ['was never on, as its agent never reported, is not', node({}), '100', false],
    ['another operator removed is waited for by its digest', holding('sha256:with', '99'), undefined, true],
    ['another operator removed, and is gone, is not', holding('sha256:without', '99'), undefined, false],
  ];
  for (const [what, each, goneAt, waits] of cases) {
    it(what, () => {
      expect(leavingNodes(goneAt, [each], () => WITHOUT)).to.deep.equal(waits ? ['n1'] : []);
    });
  }

  function holding(bundleDigest: string, resourceVersion: string): FleetNode {
    return node({ bundleDigest, resourceVersion });
  }
});
