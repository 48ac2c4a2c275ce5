import { expect } from 'chai';
import type { SeccompNodeStatus } from '../../../../src/core/api/seccomp-node.ts';
import { NO_REPORT, readReport } from '../../../../src/core/fleet/node-report.ts';

const BUNDLE = { digest: 'sha256:all', profiles: 7, resourceVersion: '42' };
const FAILURE = { profile: 'web', reason: 'DiskFull', message: 'no space left' };
const synced = (status: 'True' | 'False' | 'Unknown') => ({
  conditions: [
    { type: 'Synced', status, reason: 'InstallFailed', message: 'look', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ],
});
const TROUBLE = { reason: 'InstallFailed', message: 'look' };

describe('the report of a node', () => {
  it('says nothing before its agent wrote one', () => {
    expect(readReport(undefined)).to.equal(NO_REPORT);
    expect(readReport({})).to.deep.equal(NO_REPORT);
  });

  it('says up to where everything is applied, and which profiles failed', () => {
    const report = readReport({ bundle: BUNDLE, failures: [FAILURE], failuresTotal: 1, ...synced('False') });
    expect(report).to.deep.equal({
      resourceVersion: '42',
      bundleDigest: 'sha256:all',
      failures: new Map([['web', { reason: 'DiskFull', message: 'no space left' }]]),
      trouble: undefined,
    });
  });

  it('is not more than text in messages', () => {
    const failure = { ...FAILURE, message: '\u001b[2Jno\nspace\u202e' };
    const { failures } = readReport({ bundle: BUNDLE, failures: [failure], failuresTotal: 1 });
    expect(failures.get('web')?.message).to.equal('\ufffd[2Jno\ufffdspace\ufffd');
  });

  const cases: [string, SeccompNodeStatus, object | undefined][] = [
    [
      'counts against all where more failed than it lists',
      { bundle: BUNDLE, failures: [FAILURE], failuresTotal: 2, ...synced('False') },
      TROUBLE,
    ],
    ['counts against all where the directory cannot be used', { failuresTotal: 0, ...synced('False') }, TROUBLE],
    ['is awaited while the agent starts', { failuresTotal: 0, ...synced('Unknown') }, undefined],
    ['counts against none when all went well', { bundle: BUNDLE, failuresTotal: 0, ...synced('True') }, undefined],
  ];
  for (const [what, status, trouble] of cases) {
    it(what, () => {
      expect(readReport(status).trouble).to.deep.equal(trouble);
    });
  }
});
