import { expect } from 'chai';
import { callCount, isLeftOut, withCalls, withLeftOut } from '../../../../src/core/recording/calls.ts';
import { evidenceOf, followNodes, isLossless, type SeenNode } from '../../../../src/core/recording/evidence.ts';

const START = Date.UTC(2026, 10, 25, 12);
const BEFORE = '2026-11-25T11:00:00Z';
const AFTER = '2026-11-25T13:00:00Z';
const seen = (since: string, lost: number, unattributed = 0): SeenNode => ({
  name: 'node-a',
  report: { since, lost, unattributed },
  firstStart: START,
});
const missed = (...looks: SeenNode[]) =>
  evidenceOf(
    looks.reduce((nodes, look) => followNodes(nodes, [look]), followNodes([], [])),
    0,
  );

describe('what a recording may have missed', () => {
  it('is nothing where nothing was lost while it ran', () => {
    expect(missed(seen(BEFORE, 40), seen(BEFORE, 40))).to.deep.equal({ lost: 0, unattributed: 0, interruptions: 0 });
  });

  it('is what was lost since', () => {
    expect(missed(seen(BEFORE, 40, 1), seen(BEFORE, 45, 3))).to.include({ lost: 5, unattributed: 2 });
  });

  it('is not known while counting began anew', () => {
    const evidence = missed(seen(BEFORE, 40), seen(AFTER, 3), seen(AFTER, 4));
    expect(evidence).to.include({ lost: 4, interruptions: 1 });
    expect(isLossless(evidence)).to.equal(false);
  });

  it('is not known of containers that started before counting did', () => {
    expect(missed(seen(AFTER, 0))).to.include({ interruptions: 1 });
  });

  it('waits for a report', () => {
    expect(followNodes([], [{ name: 'node-a', report: undefined, firstStart: START }])).to.deep.equal([]);
  });

  it('is followed on so many nodes, and said of the others', () => {
    const many = Array.from({ length: 200 }, (_, at) => ({ ...seen(BEFORE, 0), name: `node-${at}` }));
    expect(followNodes([], many)).to.have.length(128);
    expect(isLossless(evidenceOf([], 72))).to.equal(false);
  });
});

describe('calls that were recorded', () => {
  const entry = (syscall: string, architecture = 'SCMP_ARCH_X86_64') =>
    ({ syscall, architecture }) as Parameters<typeof withCalls>[1] extends Iterable<infer E> ? E : never;

  it('are in order, by architecture, each once', () => {
    const recorded = withCalls([], [entry('socket'), entry('bind'), entry('socket'), entry('bind', 'SCMP_ARCH_X86')]);
    expect(recorded).to.deep.equal([
      { architecture: 'SCMP_ARCH_X86', syscalls: ['bind'] },
      { architecture: 'SCMP_ARCH_X86_64', syscalls: ['bind', 'socket'] },
    ]);
    expect(callCount([recorded])).to.equal(2);
  });

  it('are not those that only the runtime made and no container should have', () => {
    const by = (syscall: string, command: string) => ({ ...entry(syscall), command });
    expect(isLeftOut(by('fsopen', 'runc:[2:INIT]'))).to.equal(true);
    expect(isLeftOut(by('fsopen', 'web'))).to.equal(false);
    expect(isLeftOut(by('faccessat', 'runc:[2:INIT]'))).to.equal(false);
    const recorded = withCalls([], [entry('mount')]);
    expect(withLeftOut(['mount'], [entry('fsopen')], recorded)).to.deep.equal(['fsopen']);
  });

  it('stay when no report has them any more', () => {
    const recorded = withCalls([], [entry('socket')]);
    expect(withCalls(recorded, [])).to.equal(recorded);
    expect(withCalls(recorded, [entry('bind')])[0]?.syscalls).to.deep.equal(['bind', 'socket']);
  });

  it('are within bounds, whatever a node reports', () => {
    const many = Array.from({ length: 6_000 }, (_, at) => entry(`call_${at}`, `arch_${at % 10}`));
    const recorded = withCalls([], many);
    expect(recorded).to.have.length(4);
    expect(Math.max(...recorded.map(({ syscalls }) => syscalls.length))).to.equal(512);
  });
});
