import { expect } from 'chai';
import { type Home, Lineage } from '../../../../src/core/violations/lineage.ts';

const A = { podUid: 'a', containerId: '1' };
const B = { podUid: 'b', containerId: '2' };

/** Processes that can be looked at now, by number. */
function machine(processes: Record<number, Home>, capacity?: number) {
  const alive = new Map(Object.entries(processes).map(([pid, home]) => [Number(pid), home]));
  const looks: number[] = [];
  const look = (pid: number) => {
    looks.push(pid);
    return alive.get(pid);
  };
  const lineage = new Lineage({ look, ...(capacity ? { capacity } : {}) });
  return { alive, looks, lineage };
}

describe('which container a process belongs to', () => {
  it('is seen while it lives', () => {
    const { lineage } = machine({ 10: A, 20: 'elsewhere' });
    expect(lineage.homeOf(10)).to.equal(A);
    expect(lineage.homeOf(20)).to.equal('elsewhere');
  });

  it('is not known of one that is gone and of which nothing was told', () => {
    expect(machine({}).lineage.homeOf(10)).to.equal(undefined);
  });

  it('is that of its parent, when it was gone before anybody could look', () => {
    const { lineage, looks } = machine({ 10: A });
    lineage.hears(true);
    lineage.forked(10, 11);
    lineage.forked(11, 12);
    expect(lineage.homeOf(12)).to.equal(A);
    expect(looks).to.deep.equal([10]);
  });

  it('is seen at the fork, of a runtime’s process that is in the container while its parent is not', () => {
    const { lineage, alive } = machine({ 1: 'elsewhere', 10: A });
    lineage.hears(true);
    lineage.forked(1, 10);
    alive.delete(10);
    expect(lineage.homeOf(10)).to.equal(A);
  });

  it('is seen when the program is executed, of one that was moved after the fork', () => {
    const { lineage, alive } = machine({ 1: 'elsewhere', 10: 'elsewhere' });
    lineage.hears(true);
    lineage.forked(1, 10);
    alive.set(10, A);
    lineage.executed(10);
    alive.delete(10);
    expect(lineage.homeOf(10)).to.equal(A);
  });

  it('is that of its parent, when that one was moved into the container after it was looked at', () => {
    const { lineage, alive } = machine({ 10: 'elsewhere' });
    lineage.hears(true);
    lineage.executed(10);
    alive.set(10, A);
    lineage.forked(10, 11);
    expect(lineage.homeOf(11)).to.equal(A);
  });

  it('is looked at again for one that was elsewhere: it may have been moved', () => {
    const { lineage, alive } = machine({ 10: 'elsewhere' });
    lineage.hears(true);
    expect(lineage.homeOf(10)).to.equal('elsewhere');
    alive.set(10, A);
    expect(lineage.homeOf(10)).to.equal(A);
  });

  it('is not that of an earlier process with the same number', () => {
    const { lineage, alive } = machine({ 1: 'elsewhere', 10: A });
    lineage.hears(true);
    expect(lineage.homeOf(10)).to.equal(A);
    alive.set(10, B);
    lineage.forked(1, 10);
    expect(lineage.homeOf(10)).to.equal(B);
    alive.delete(1);
    alive.delete(10);
    lineage.forget();
    lineage.forked(1, 10);
    expect(lineage.homeOf(10)).to.equal(undefined);
  });

  it('without news of forks is believed for a moment, and later only when the process is gone', () => {
    const { lineage, alive } = machine({ 10: A });
    expect(lineage.homeOf(10)).to.equal(A);
    alive.set(10, B);
    expect(lineage.homeOf(10)).to.equal(A);
    lineage.age();
    expect(lineage.homeOf(10)).to.equal(B);
    alive.delete(10);
    lineage.age();
    expect(lineage.homeOf(10)).to.equal(B);
    lineage.age();
    lineage.age();
    expect(lineage.homeOf(10)).to.equal(undefined);
  });

  it('is remembered of a bounded number of processes', () => {
    const { lineage } = machine({ 10: A }, 100);
    lineage.hears(true);
    for (let pid = 1_000; pid < 11_000; pid++) lineage.forked(10, pid);
    expect(lineage.size).to.be.at.most(200);
    expect(lineage.homeOf(10_999)).to.equal(A);
    expect(lineage.homeOf(10_900)).to.equal(A);
  });
});
