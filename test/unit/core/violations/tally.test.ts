import { expect } from 'chai';
import type { SeccompRecord } from '../../../../src/core/audit/record.ts';
import { callsIn } from '../../../../src/core/violations/report.ts';
import { Tally } from '../../../../src/core/violations/tally.ts';

const WEB = { podUid: '43a7b130-2354-4564-9628-554d82403c6f', containerId: 'a'.repeat(64) };
const NOISE = { podUid: '53a7b130-2354-4564-9628-554d82403c6f', containerId: 'b'.repeat(64) };
const NOON = Date.UTC(2026, 10, 24, 12);

/** Of SCMP_ACT_ERRNO. */
const REFUSED = 0x00050001;

const record = (over: Partial<SeccompRecord> = {}): SeccompRecord => ({
  timeMs: NOON,
  serial: 1,
  pid: 7,
  uid: 0,
  auid: undefined,
  comm: 'mkdir',
  exe: '/bin/busybox',
  sig: 0,
  arch: 0xc000003e,
  syscall: 83,
  code: 0x7ffc0000,
  ...over,
});

describe('the tally of a node', () => {
  it('tells which container made which call, in the words of profiles', () => {
    const tally = new Tally();
    expect(tally.add(WEB, record(), NOON)).to.equal(true);
    expect(tally.add(WEB, record({ timeMs: NOON + 5_000 }), NOON)).to.equal(false);
    expect(tally.report()).to.deep.equal({
      recorded: 2,
      lost: 0,
      unattributed: 0,
      unlisted: 0,
      entries: [
        {
          podUID: WEB.podUid,
          containerID: WEB.containerId,
          syscall: 'mkdir',
          architecture: 'SCMP_ARCH_X86_64',
          action: 'SCMP_ACT_LOG',
          command: 'mkdir',
          executable: '/bin/busybox',
          count: 2,
          firstTime: '2026-11-24T12:00:00Z',
          lastTime: '2026-11-24T12:00:05Z',
        },
      ],
      callSets: [],
    });
  });

  it('keeps outcomes apart', () => {
    const tally = new Tally();
    tally.add(WEB, record(), NOON);
    tally.add(WEB, record({ code: 0x00050000 }), NOON);
    expect(tally.report().entries.map(({ action }) => action)).to.deep.equal(['SCMP_ACT_LOG', 'SCMP_ACT_ERRNO']);
  });

  it('names by number what it does not know', () => {
    const tally = new Tally();
    tally.add(WEB, record({ syscall: 9_999 }), NOON);
    tally.add(WEB, record({ arch: 0x12, code: 0x12340000 }), NOON);
    const [known, unknown] = tally.report().entries;
    expect(known?.syscall).to.equal('syscall_0x270f');
    expect(unknown).to.include({ syscall: 'syscall_0x53', architecture: '0x12', action: '0x12340000' });
  });

  it('has the latest first', () => {
    const tally = new Tally();
    tally.add(WEB, record({ timeMs: NOON + 1_000 }), NOON);
    tally.add(WEB, record({ timeMs: NOON + 2_000, syscall: 84 }), NOON);
    expect(tally.report().entries.map(({ syscall }) => syscall)).to.deep.equal(['rmdir', 'mkdir']);
  });

  it('lists twenty calls of one container, and counts the rest', () => {
    const tally = new Tally();
    tally.add(WEB, record(), NOON);
    for (let at = 0; at < 300; at++) tally.add(NOISE, record({ syscall: at, code: REFUSED, timeMs: NOON + at }), NOON);
    const { entries, recorded, unlisted } = tally.report();
    expect(entries).to.have.length(21);
    expect(entries.at(-1)).to.include({ podUID: WEB.podUid, syscall: 'mkdir' });
    expect(recorded).to.equal(301);
    expect(unlisted).to.equal(280);
  });

  it('lists a hundred calls of all containers', () => {
    const tally = new Tally();
    for (let at = 0; at < 500; at++)
      tally.add({ ...NOISE, containerId: `c${at}` }, record({ timeMs: NOON + at * 1_000 }), NOON);
    const { entries, unlisted } = tally.report();
    expect(entries).to.have.length(100);
    expect(entries[0]?.containerID).to.equal('c499');
    expect(unlisted).to.equal(400);
  });

  it('does not call lost what a report held before it had to make room', () => {
    const tally = new Tally();
    for (let at = 0; at < 20; at++) tally.add(NOISE, record({ syscall: at, code: REFUSED, timeMs: NOON + at }), NOON);
    tally.report();
    tally.add(NOISE, record({ syscall: 0, code: REFUSED, timeMs: NOON }), NOON);
    tally.add(NOISE, record({ syscall: 20, code: REFUSED, timeMs: NOON + 20 }), NOON);
    expect(tally.report().unlisted).to.equal(1);
  });

  it('counts that all records are in it', () => {
    const tally = new Tally();
    for (let at = 0; at < 5_000; at++)
      tally.add(
        { ...NOISE, containerId: `c${at % 17}` },
        record({ syscall: at % 23, code: REFUSED, timeMs: NOON + at }),
        NOON,
      );
    const { entries, recorded, unlisted } = tally.report();
    expect(entries.reduce((sum, { count }) => sum + count, unlisted)).to.equal(recorded);
  });

  describe('of a container that logs more kinds of calls than it has entries', () => {
    const logAll = (tally: Tally, kinds: number) =>
      Array.from({ length: kinds }, (_, at) => tally.add(NOISE, record({ syscall: at, timeMs: NOON + at }), NOON));

    it('has every call, the first twenty with counts', () => {
      const tally = new Tally();
      expect(logAll(tally, 300)).to.not.include(false);
      const report = tally.report();
      expect(report).to.include({ recorded: 300, unlisted: 0 });
      expect(report.entries).to.have.length(20);
      expect(report.callSets.map(({ numbers, podUID }) => [numbers, podUID])).to.deep.equal([['0-299', NOISE.podUid]]);
      expect(callsIn(report)).to.have.length(300);
    });

    it('says of each call once that it is new', () => {
      const tally = new Tally();
      logAll(tally, 300);
      expect(logAll(tally, 300)).to.not.include(true);
    });

    it('makes room for others first', () => {
      const tally = new Tally();
      tally.add(WEB, record({ syscall: 1 }), NOON);
      for (let each = 0; each < 6; each++)
        for (let at = 0; at < 40; at++)
          tally.add({ ...NOISE, containerId: `c${each}` }, record({ syscall: at, timeMs: NOON + 1 + at }), NOON);
      const report = tally.report();
      expect(report.entries).to.have.length(100);
      expect(report.entries.some(({ podUID }) => podUID === WEB.podUid)).to.equal(true);
      expect(report.unlisted).to.equal(0);
      expect(callsIn(report)).to.have.length(241);
    });

    it('keeps architectures apart, and numbers without a name', () => {
      const tally = new Tally();
      logAll(tally, 21);
      for (const syscall of [1, 400_000]) tally.add(NOISE, record({ arch: 0x40000003, syscall }), NOON);
      const { callSets } = tally.report();
      expect(callSets.map(({ architecture, numbers }) => [architecture, numbers])).to.deep.equal([
        ['SCMP_ARCH_X86_64', '0-20'],
        ['SCMP_ARCH_X86', '1,400000'],
      ]);
      const names = callsIn({ entries: [], callSets }).map(({ syscall }) => syscall);
      expect(names).to.include.members(['read', 'exit', 'syscall_0x61a80']);
    });

    it('keeps the calls of the runtime apart, but for those that the program makes too', () => {
      const tally = new Tally();
      const comm = 'runc:[2:INIT]';
      for (let at = 0; at < 40; at++) tally.add(NOISE, record({ syscall: at, comm }), NOON);
      for (const syscall of [1, 30, 50]) tally.add(NOISE, record({ syscall, comm: 'web' }), NOON);
      const report = tally.report();
      expect(report.callSets.map(({ command, numbers }) => [command, numbers])).to.deep.equal([
        [comm, '0-39'],
        ['web', '30,50'],
      ]);
      const own = callsIn(report).filter(({ command }) => command === 'web');
      expect(own.map(({ syscall }) => syscall)).to.have.members(['write', 'shmat', 'listen']);
      expect(callsIn(report)).to.have.length(41);
    });

    it('is within bounds', () => {
      const tally = new Tally();
      for (let each = 0; each < 100; each++)
        for (let at = 0; at < 1_000; at++)
          tally.add({ ...NOISE, containerId: `c${each}` }, record({ syscall: at, timeMs: NOON + each }), NOON);
      const { callSets } = tally.report();
      expect(callSets).to.have.length(64);
      expect(callSets.at(-1)).to.include({ containerID: 'c99', numbers: '0-511' });
    });
  });
});
