import { expect } from 'chai';
import { NO_REPORT, type NodeReport } from '../../../../src/core/fleet/node-report.ts';
import { holdsEverything, isTainted, tolerating } from '../../../../src/core/fleet/startup-taint.ts';

const KEY = 'seccomp-operator.dev/not-ready';
const EXPECTED = { digest: 'sha256:all', changedAt: '10', seenTo: '20' };
const report = (more: Partial<NodeReport>): NodeReport => ({
  ...NO_REPORT,
  resourceVersion: '12',
  bundleDigest: 'sha256:all',
  ...more,
});

describe('the startup taint', () => {
  it('may go when the node holds everything', () => {
    expect(holdsEverything(report({}), EXPECTED)).to.equal(true);
  });

  it('stays while the node is behind, has failures, trouble or other files, or has not reported', () => {
    const failure = { reason: 'DiskFull', message: 'no space left' };
    const not: Partial<NodeReport>[] = [
      { resourceVersion: '9' },
      { failures: new Map([['web', failure]]) },
      { trouble: failure },
      { bundleDigest: 'sha256:other' },
      { resourceVersion: undefined },
    ];
    for (const each of not) expect(holdsEverything(report(each), EXPECTED), JSON.stringify(each)).to.equal(false);
  });

  it('is tolerated by the agent, whatever else it tolerates', () => {
    expect(tolerating([{ operator: 'Exists' }], KEY)).to.deep.equal([{ operator: 'Exists' }]);
    expect(tolerating([{ key: KEY, operator: 'Exists' }], KEY)).to.have.lengthOf(1);
    expect(tolerating([{ key: 'gpu', operator: 'Exists' }], KEY)).to.deep.equal([
      { key: 'gpu', operator: 'Exists' },
      { key: KEY, operator: 'Exists' },
    ]);
    expect(tolerating([{ operator: 'Exists', effect: 'NoExecute' }], KEY)).to.have.lengthOf(2);
    expect(tolerating([], '')).to.deep.equal([]);
  });

  it('is known by its key', () => {
    expect(isTainted([{ key: KEY, effect: 'NoSchedule' }], KEY)).to.equal(true);
    expect(isTainted([{ key: 'other', effect: 'NoSchedule' }], KEY)).to.equal(false);
    expect(isTainted([{ key: '', effect: 'NoSchedule' }], '')).to.equal(false);
  });
});
