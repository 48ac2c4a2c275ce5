import { expect } from 'chai';
import { selectorText } from '../../../../src/core/recording/selector.ts';
import { endsInMs, finishInMs, stateOf, timesAt } from '../../../../src/core/recording/state.ts';

const NOON = Date.UTC(2026, 10, 25, 12);
const at = (seconds: number) => new Date(NOON + seconds * 1_000);
const spec = (more: object = {}) => ({ namespaces: ['shop'], podSelector: {}, ...more });
const STARTED = { startTime: '2026-11-25T12:00:00Z' };

describe('the time of a recording', () => {
  it('begins with the first Pod', () => {
    expect(timesAt({}, spec({ duration: '1m' }), 0, at(500))).to.deep.equal({});
    expect(timesAt({}, spec({ duration: '1m' }), 1, at(0))).to.deep.equal(STARTED);
    expect(timesAt(STARTED, spec(), 0, at(60))).to.deep.equal(STARTED);
  });

  it('ends with its duration, or when it is stopped, and not again', () => {
    expect(timesAt(STARTED, spec({ duration: '1m' }), 1, at(59))).to.deep.equal(STARTED);
    const ended = { ...STARTED, endTime: '2026-11-25T12:01:00Z' };
    expect(timesAt(STARTED, spec({ duration: '1m' }), 1, at(60))).to.deep.equal(ended);
    expect(timesAt(STARTED, spec({ state: 'Stopped' }), 1, at(60))).to.deep.equal(ended);
    expect(timesAt(ended, spec({ duration: '1h', state: 'Recording' }), 1, at(90))).to.deep.equal(ended);
    expect(endsInMs(STARTED, spec({ duration: '1m' }), at(20))).to.equal(40_000);
  });

  it('leaves nodes time for their last report, where a Pod was recorded', () => {
    expect(finishInMs(STARTED, at(60))).to.equal(Number.POSITIVE_INFINITY);
    expect(finishInMs({ ...STARTED, endTime: '2026-11-25T12:01:00Z' }, at(70))).to.equal(60_000);
    expect(finishInMs({ endTime: '2026-11-25T12:01:00Z' }, at(70))).to.equal(0);
  });

  it('is what its state follows from', () => {
    expect(stateOf({}, false)).to.equal('Waiting');
    expect(stateOf(STARTED, false)).to.equal('Recording');
    expect(stateOf({ ...STARTED, endTime: '2026-11-25T12:01:00Z' }, false)).to.equal('Finishing');
    expect(stateOf(STARTED, true)).to.equal('Complete');
  });
});

describe('a selector of Pods', () => {
  it('is written as the API server reads it', () => {
    const matchExpressions = [
      { key: 'tier', operator: 'In', values: ['a', 'b'] },
      { key: 'tier', operator: 'NotIn', values: ['c'] },
      { key: 'canary', operator: 'Exists' },
      { key: 'old', operator: 'DoesNotExist' },
    ] as const;
    expect(
      selectorText({
        matchLabels: { app: 'web' },
        matchExpressions: matchExpressions.map(each => ({ ...each, values: 'values' in each ? [...each.values] : [] })),
      }),
    ).to.equal('app=web,tier in (a,b),tier notin (c),canary,!old');
  });
});
