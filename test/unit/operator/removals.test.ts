import { expect } from 'chai';
import type { Log } from '../../../src/core/log.ts';
import { Removals } from '../../../src/operator/removals.ts';

function setUp() {
  const state = { now: 1_000, leaving: ['n1', 'n2'], said: [] as object[] };
  const say = (_message: string, fields: object = {}) => state.said.push(fields);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const bundle = { leaving: () => state.leaving };
  const removals = new Removals({ bundle, fleet: { members: () => [] }, now: () => state.now, log });
  return { state, removals };
}

describe('a deleted profile', () => {
  it('waits for the nodes that may hold it, and goes with the last of them', () => {
    const { state, removals } = setUp();
    expect(removals.waitMs('web')).to.equal(30_000);
    state.now += 10_000;
    state.leaving = ['n2'];
    expect(removals.waitMs('web')).to.equal(20_000);
    state.leaving = [];
    expect(removals.waitMs('web')).to.equal(0);
    expect(state.said).to.deep.equal([]);
  });

  it('goes after half a minute though a node says nothing, which is told', () => {
    const { state, removals } = setUp();
    removals.waitMs('web');
    state.now += 30_000;
    expect(removals.waitMs('web')).to.equal(0);
    expect(state.said).to.deep.equal([{ profile: 'web', nodes: 'n1, n2' }]);
  });

  it('waits anew when a Pod has held it meanwhile', () => {
    const { state, removals } = setUp();
    removals.waitMs('web');
    state.now += 20_000;
    removals.forget('web');
    expect(removals.waitMs('web')).to.equal(30_000);
  });
});
