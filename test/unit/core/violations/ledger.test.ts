import { expect } from 'chai';
import fc from 'fast-check';
import { Ledger, type ProfileViolations, type Usage } from '../../../../src/core/violations/ledger.ts';
import type { NodeViolation } from '../../../../src/core/violations/report.ts';

const time = (minute: number) => new Date(Date.UTC(2026, 10, 24, 12, minute)).toISOString().replace('.000', '');

const entry = (over: Partial<NodeViolation> = {}): NodeViolation => ({
  podUID: 'pod-1',
  containerID: 'c1',
  syscall: 'mkdir',
  architecture: 'SCMP_ARCH_X86_64',
  action: 'SCMP_ACT_LOG',
  command: 'sh',
  count: 1,
  firstTime: time(0),
  lastTime: time(0),
  ...over,
});

const usage = ({ podUID }: NodeViolation): Usage => ({
  profile: 'web',
  pod: `default/${podUID}`,
  podUid: podUID,
  container: 'nginx',
});

function ledger(
  status?: ProfileViolations,
  usageOf: (node: string, entry: NodeViolation) => Usage | null | undefined = (_, each) => usage(each),
) {
  const made = new Ledger({ usageOf, looksAtArguments: (_, syscall) => syscall === 'socket' });
  made.open('web', status);
  return made;
}

describe('what nodes report, by profile', () => {
  it('is nothing while nothing was seen', () => {
    expect(ledger().of('web')).to.equal(undefined);
  });

  it('has the call, how often, when, and by whom', () => {
    const book = ledger();
    book.report('node-a', [entry({ count: 3, lastTime: time(5) })]);
    expect(book.of('web')).to.deep.equal({
      total: 3,
      inReports: 3,
      lastTime: time(5),
      calls: [
        {
          syscall: 'mkdir',
          architecture: 'SCMP_ARCH_X86_64',
          action: 'SCMP_ACT_LOG',
          arguments: 'Any',
          count: 3,
          inReports: 3,
          firstTime: time(0),
          lastTime: time(5),
          command: 'sh',
          pods: ['default/pod-1/nginx'],
          nodes: ['node-a'],
        },
      ],
      otherCalls: 0,
    });
  });

  it('says of calls whose arguments decide that they do', () => {
    const book = ledger();
    book.report('node-a', [entry({ syscall: 'socket' })]);
    expect(book.of('web')?.calls[0]?.arguments).to.equal('Conditional');
  });

  it('is not counted twice when it is reported again', () => {
    const book = ledger();
    book.report('node-a', [entry({ count: 3 })]);
    expect(book.report('node-a', [entry({ count: 3 })])).to.deep.equal([]);
    expect(book.report('node-a', [entry({ count: 7 })]).map(({ count }) => count)).to.deep.equal([4]);
    expect(book.of('web')?.total).to.equal(7);
  });

  it('is kept when the report has forgotten it, and counts on when it begins anew', () => {
    const book = ledger();
    book.report('node-a', [entry({ count: 3 })]);
    book.report('node-a', []);
    expect(book.of('web')).to.include({ total: 3, inReports: 0 });
    book.report('node-a', [entry({ count: 2, firstTime: time(9), lastTime: time(9) })]);
    expect(book.of('web')).to.include({ total: 5, inReports: 2 });
  });

  it('is first seen once, whatever node tells it', () => {
    const book = ledger();
    expect(book.report('node-a', [entry()])[0]?.isFirst).to.equal(true);
    expect(book.report('node-b', [entry({ podUID: 'pod-2' })])[0]?.isFirst).to.equal(false);
    expect(book.report('node-b', [entry({ syscall: 'mount' })])[0]?.isFirst).to.equal(true);
  });

  it('goes on from the status after a restart of the operator', () => {
    const before = ledger();
    before.report('node-a', [entry({ count: 3 })]);
    before.report('node-a', []);
    before.report('node-a', [entry({ count: 4, firstTime: time(1), lastTime: time(1) })]);
    const after = ledger(before.of('web'));
    expect(after.of('web')?.total).to.equal(7);
    const [sighting] = after.report('node-a', [entry({ count: 6, firstTime: time(1), lastTime: time(2) })]);
    expect(sighting?.isFirst).to.equal(false);
    expect(after.of('web')).to.include({ total: 9, inReports: 6 });
  });

  it('ignores containers without a profile of ours, and waits for those it does not know yet', () => {
    let known: Usage | null | undefined = null;
    const book = ledger(undefined, () => known);
    book.report('node-a', [entry()]);
    expect(book.of('web')).to.equal(undefined);
    known = usage(entry());
    book.report('node-a', [entry()]);
    expect(book.of('web')?.total).to.equal(1);
  });

  it('lists the ten most frequent calls, and five of their Pods, the latest first', () => {
    const book = ledger();
    const calls = Array.from({ length: 14 }, (_, at) => entry({ syscall: `call${at}`, count: at + 1 }));
    book.report('node-a', calls);
    const pods = Array.from({ length: 8 }, (_, at) => entry({ podUID: `pod-${at}`, syscall: 'call13' }));
    book.report('node-b', pods.toReversed());
    const { calls: listed = [], otherCalls, total } = book.of('web') ?? {};
    expect(listed.map(({ syscall }) => syscall)).to.deep.equal(Array.from({ length: 10 }, (_, at) => `call${13 - at}`));
    expect(otherCalls).to.equal(4);
    expect(total).to.equal((14 * 15) / 2 + 8);
    expect(listed[0]?.pods).to.deep.equal([7, 6, 5, 4, 3].map(at => `default/pod-${at}/nginx`));
  });

  it('is bounded for a profile with ever new calls', () => {
    const book = ledger();
    for (let at = 0; at < 1_000; at++)
      book.report('node-a', [entry({ syscall: `call${at}`, firstTime: time(at), lastTime: time(at) })]);
    expect(book.of('web')).to.include({ total: 1_000 });
    expect(book.of('web')?.otherCalls).to.be.at.most(200);
  });

  it('forgets a profile that is gone', () => {
    const book = ledger();
    book.report('node-a', [entry({ count: 3 })]);
    book.close('web');
    expect(book.of('web')).to.equal(undefined);
    expect(book.report('node-a', [entry({ count: 5 })])).to.deep.equal([]);
  });

  it('adds up to what was called, whatever comes between', () => {
    const step = fc.oneof(
      fc.record({
        is: fc.constant('called' as const),
        node: fc.nat(2),
        call: fc.nat(3),
        times: fc.integer({ min: 1, max: 9 }),
      }),
      fc.record({ is: fc.constant('reported' as const), node: fc.nat(2) }),
      fc.record({ is: fc.constant('forgotten' as const), node: fc.nat(2) }),
      fc.record({ is: fc.constant('restarted' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const nodes = [0, 1, 2].map(() => new Map<number, NodeViolation>());
        let book = ledger();
        let clock = 0;
        let told = 0;
        const tell = (at: number) => {
          book.report(`node-${at}`, [...(nodes[at]?.values() ?? [])].reverse());
        };
        for (const each of steps) {
          clock++;
          if (each.is === 'called') {
            const own = nodes[each.node] as Map<number, NodeViolation>;
            const known =
              own.get(each.call) ??
              entry({ podUID: `pod-${each.node}`, syscall: `call${each.call}`, count: 0, firstTime: time(clock) });
            own.set(each.call, { ...known, count: known.count + each.times, lastTime: time(clock) });
            told += each.times;
          } else if (each.is === 'reported') tell(each.node);
          else if (each.is === 'forgotten') {
            // Its program says all it knows, and starts anew.
            tell(each.node);
            nodes[each.node]?.clear();
            tell(each.node);
          } else {
            book = ledger(book.of('web'));
            for (const at of [0, 1, 2]) tell(at);
          }
        }
        for (const at of [0, 1, 2]) tell(at);
        expect(book.of('web')?.total ?? 0).to.equal(told);
      }),
      { numRuns: 300 },
    );
  });
});
