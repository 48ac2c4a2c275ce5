import { expect } from 'chai';
import type { NodeViolation, NodeViolations } from '../../../../src/core/violations/report.ts';
import { readViolations } from '../../../../src/core/violations/reported.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const ENTRY: NodeViolation = {
  podUID: 'pod',
  containerID: 'container',
  syscall: 'mount',
  architecture: 'SCMP_ARCH_X86_64',
  action: 'SCMP_ACT_ERRNO',
  command: 'sh',
  count: 3,
  firstTime: '2026-03-01T10:00:00Z',
  lastTime: '2026-03-01T11:00:00Z',
};
const REPORT: NodeViolations = {
  state: 'Watching',
  message: 'all is well',
  source: 'AuditNetlink',
  since: '2026-03-01T09:00:00Z',
  recorded: 3,
  lost: 0,
  unattributed: 0,
  unlisted: 0,
  entries: [ENTRY],
};
/** What is read of one entry that has these fields. */
const read = (fields: object) => readViolations({ ...REPORT, entries: [{ ...ENTRY, ...fields }] }, NOW)?.entries[0];

describe('what a node reports of violations', () => {
  it('is read as it is where it can be', () => {
    expect(readViolations(REPORT, NOW)).to.deep.equal(REPORT);
    expect(readViolations(undefined, NOW)).to.equal(undefined);
  });

  it('is no count that a status could not hold, in whatever form it comes', () => {
    // As core/json/exact.ts gives an integer beyond 2^53.
    expect(read({ count: '9223372036854775807' })?.count).to.equal(2 ** 40);
    expect(readViolations({ ...REPORT, recorded: Number.MAX_SAFE_INTEGER }, NOW)?.recorded).to.equal(2 ** 40);
  });

  const times: [what: string, written: string, read: string][] = [
    ['a time to come, which would hide what comes after it', '9999-12-31T23:59:59Z', '2026-03-01T12:00:00Z'],
    ['one with an offset, which compares otherwise as text', '2026-03-01T14:30:00+14:00', '2026-03-01T00:30:00Z'],
    ['fractions of a second', '2026-03-01T11:00:00.999Z', '2026-03-01T11:00:00Z'],
    ['a leap second, which JavaScript has no date for', '2016-12-31T23:59:60Z', '2026-03-01T12:00:00Z'],
  ];
  for (const [what, written, expected] of times) {
    it(`is not ${what}`, () => {
      expect(read({ lastTime: written })?.lastTime).to.equal(expected);
    });
  }

  it('is no name that moves the cursor of who reads it', () => {
    expect(read({ command: '\u001b[2Jsh', executable: '/bin/\u0007sh' })).to.include({
      command: '\ufffd[2Jsh',
      executable: '/bin/\ufffdsh',
    });
  });

  it('is no call with a name that none has', () => {
    for (const fields of [{ syscall: 'mount x' }, { action: '' }, { architecture: 'a\nb' }])
      expect(read(fields), JSON.stringify(fields)).to.equal(undefined);
  });

  it('has sets of calls read the same way', () => {
    const set = {
      podUID: 'u',
      containerID: 'c',
      architecture: 'SCMP_ARCH_X86_64',
      numbers: '0-3',
      command: '\u001b[2Jsh',
      firstTime: '9999-12-31T23:59:59Z',
      lastTime: '2026-03-01T11:00:00Z',
    };
    const sets = readViolations({ ...REPORT, callSets: [set, { ...set, architecture: 'a\nb' }] }, NOW)?.callSets;
    expect(sets).to.deep.equal([{ ...set, command: '\ufffd[2Jsh', firstTime: '2026-03-01T12:00:00Z' }]);
  });
});
