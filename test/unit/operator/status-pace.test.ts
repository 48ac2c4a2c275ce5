import { expect } from 'chai';
import { StatusPace } from '../../../src/operator/status-pace.ts';

function pace() {
  const clock = { now: 0 };
  return { clock, pace: new StatusPace({ intervalMs: 1_000, shareMs: 20, longestMs: 5_000, now: () => clock.now }) };
}

describe('when the status of a profile is looked at', () => {
  it('is at once when its last node has arrived, and in its turn before that', () => {
    const { pace: one } = pace();
    one.looked('web', 3);
    expect([one.arrived('web'), one.arrived('web'), one.arrived('web')]).to.deep.equal([1_000, 1_000, 0]);
  });

  it('is at once where nobody has counted its nodes', () => {
    expect(pace().pace.arrived('web')).to.equal(0);
  });

  it('counts from the first thing there was to say', () => {
    const { clock, pace: one } = pace();
    one.wait('web');
    clock.now = 400;
    expect(one.wait('web')).to.equal(600);
    one.settled('web');
    expect(one.wait('web')).to.equal(1_000);
  });

  it('is later the more profiles wait, so that all of them together are looked at that often', () => {
    const { clock, pace: one } = pace();
    for (let at = 0; at < 200; at++) one.wait(`profile-${at}`);
    expect(one.wait('profile-0')).to.equal(4_000);
    clock.now = 4_000;
    expect(one.wait('profile-0')).to.equal(0);
    for (let at = 0; at < 190; at++) one.settled(`profile-${at}`);
    expect(one.wait('profile-190')).to.equal(0);
    expect(one.wait('new')).to.equal(1_000);
  });

  it('is not later than the longest time, however many wait', () => {
    const { pace: one } = pace();
    for (let at = 0; at < 10_000; at++) one.wait(`profile-${at}`);
    expect(one.wait('profile-0')).to.equal(5_000);
  });
});
