import { expect } from 'chai';
import fc from 'fast-check';
import type { SeccompNodeStatus } from '../../../../src/core/api/seccomp-node.ts';
import { readReport } from '../../../../src/core/fleet/node-report.ts';
import { type NodeFacts, ownReport } from '../../../../src/core/fleet/own-report.ts';
import { bundleDigest } from '../../../../src/core/profile/digest.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const FAILURE = { digest: 'sha256:b', reason: 'DiskFull', message: 'no space left' };
const FACTS: NodeFacts = {
  agentVersion: '1.2.3',
  architecture: 'amd64',
  installed: new Map([['web.json', 'sha256:a']]),
  appliedTo: '42',
  changedAt: '40',
  failures: new Map(),
  trouble: undefined,
  repairs: { total: 0 },
};
const failing = (...profiles: string[]) => ({ failures: new Map(profiles.map(profile => [profile, FAILURE])) });
const report = (facts: Partial<NodeFacts>) => ownReport({ ...FACTS, ...facts }, undefined, NOW);
const condition = (facts: Partial<NodeFacts>, type: string) =>
  report(facts).conditions?.find(each => each.type === type);
/** What is left of a report once a merge patch has been applied. */
const stored = (facts: Partial<NodeFacts>): SeccompNodeStatus =>
  Object.fromEntries(Object.entries(report(facts)).filter(([, value]) => value !== null));

describe('what an agent reports', () => {
  it('names every field, so that a merge patch removes what is gone', () => {
    expect(report({ appliedTo: undefined })).to.include({ bundle: null, failures: null, repairs: null });
  });

  it('is the set of files with one digest, and up to where it is applied', () => {
    const digest = bundleDigest(FACTS.installed);
    expect(report({}).bundle).to.deep.equal({ digest, profiles: 1, resourceVersion: '42' });
  });

  it('lists the first 16 failures by name, and how many there are', () => {
    const names = Array.from({ length: 20 }, (_, index) => `p${String(index).padStart(2, '0')}`);
    const { failures, failuresTotal } = report(failing(...names.toReversed()));
    expect(failures?.map(({ profile }) => profile)).to.deep.equal(names.slice(0, 16));
    expect(failuresTotal).to.equal(20);
  });

  it('leaves out the digest of a failure where none is known', () => {
    const { failures } = report({ failures: new Map([['web', { ...FAILURE, digest: '' }]]) });
    expect(failures).to.deep.equal([{ profile: 'web', reason: 'DiskFull', message: 'no space left' }]);
  });

  it('keeps the time of a condition that stays', () => {
    const before = stored({});
    const later = ownReport(FACTS, before, new Date('2026-03-02T00:00:00Z'));
    expect(later.conditions).to.deep.equal(before.conditions);
  });
});

describe('a report of what was reported before', () => {
  const resourceVersion = (reportedAt: string, facts: Partial<NodeFacts>) => {
    const before = stored({ appliedTo: reportedAt });
    return ownReport({ ...FACTS, ...facts }, before, NOW).bundle?.resourceVersion;
  };
  const cases: [string, string, Partial<NodeFacts>, string][] = [
    ['is as of then where nothing changed since', '41', {}, '41'],
    ['is as of now where something changed since, though not in the files', '39', {}, '42'],
    ['is as of now where the files are others', '41', { installed: new Map([['web.json', 'sha256:b']]) }, '42'],
    ['is as of now where that is earlier: etcd was restored', '50', { appliedTo: '42', changedAt: '9' }, '42'],
    [
      'is as of now where labels decide: which of them went is not seen in a list',
      '41',
      { changedAt: undefined },
      '42',
    ],
  ];
  for (const [what, reportedAt, facts, expected] of cases) {
    it(what, () => {
      expect(resourceVersion(reportedAt, facts)).to.equal(expected);
    });
  }
});

describe('Synced', () => {
  const trouble = { reason: 'DirectoryMissing', message: 'no kubelet directory' };
  const cases: [string, Partial<NodeFacts>, string, string][] = [
    ['is true when all files are there', {}, 'True Installed', '1 profiles on disk, verified'],
    [
      'is not known while the first list is not complete',
      { appliedTo: undefined },
      'Unknown Starting',
      'the first list of profiles is not complete',
    ],
    [
      'is false when a file cannot be written',
      failing('web'),
      'False InstallFailed',
      '1 profiles are not installed (web): no space left',
    ],
    [
      'names what stands in the way of all first',
      { ...failing('web'), trouble },
      'False DirectoryMissing',
      'no kubelet directory',
    ],
  ];
  for (const [what, facts, state, message] of cases) {
    it(what, () => {
      const synced = condition(facts, 'Synced');
      expect(`${synced?.status} ${synced?.reason}`).to.equal(state);
      expect(synced?.message).to.equal(message);
    });
  }
});

describe('Drifted', () => {
  const repaired = (lastTime: string) => ({ repairs: { total: 2, lastTime, lastFile: 'web.json' } });
  const cases: [string, Partial<NodeFacts>, boolean][] = [
    ['is said right after a repair', repaired('2026-03-01T12:00:00Z'), true],
    ['is said for an hour', repaired('2026-03-01T11:00:00Z'), true],
    ['is gone after that', repaired('2026-03-01T10:59:59Z'), false],
    ['is not said where nothing was repaired', {}, false],
  ];
  for (const [what, facts, expected] of cases) {
    it(what, () => {
      expect(condition(facts, 'Drifted') !== undefined).to.equal(expected);
    });
  }

  it('names the file, the time and how often it happened', () => {
    expect(condition(repaired('2026-03-01T11:30:00Z'), 'Drifted')?.message).to.equal(
      'web.json was altered on the node, and repaired at 2026-03-01T11:30:00Z (2 since the agent started)',
    );
  });
});

describe('a report that the operator reads', () => {
  it('never shows a profile that failed as installed, however many there are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 40 }), names => {
        const { failures, trouble } = readReport(stored(failing(...names)));
        for (const name of names) expect(failures.get(name) ?? trouble).not.to.equal(undefined);
      }),
    );
  });
});
