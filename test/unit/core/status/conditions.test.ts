import { expect } from 'chai';
import type { Condition } from '../../../../src/core/api/seccomp-profile.ts';
import { findCondition, mergeConditions, type StatedCondition } from '../../../../src/core/status/conditions.ts';

const NOW = new Date('2026-03-01T12:00:00.987Z');
const EARLIER = '2026-02-01T00:00:00Z';

const stated = (status: Condition['status'], more: Partial<StatedCondition> = {}): StatedCondition => ({
  type: 'Ready',
  status,
  reason: 'Installed',
  message: 'on 3 of 3 nodes',
  ...more,
});
const written = (condition: StatedCondition): Condition => ({
  ...condition,
  lastTransitionTime: EARLIER,
  observedGeneration: 1,
});
const merged = (previous: Condition[], ...next: StatedCondition[]) => mergeConditions(previous, next, 2, NOW);

describe('the time in a condition', () => {
  it('is now for one that is new, in whole seconds as metav1.Time has it', () => {
    expect(merged([], stated('True'))[0]?.lastTransitionTime).to.equal('2026-03-01T12:00:00Z');
  });

  it('is now where the status turned', () => {
    expect(merged([written(stated('True'))], stated('False'))[0]?.lastTransitionTime).to.equal('2026-03-01T12:00:00Z');
  });

  it('stays where only reason and message are others', () => {
    const next = stated('False', { reason: 'InstallFailed', message: 'disk full' });
    expect(merged([written(stated('False'))], next)).to.deep.equal([
      { ...next, observedGeneration: 2, lastTransitionTime: EARLIER },
    ]);
  });

  it('is that of the condition of the same type, wherever it stands', () => {
    const previous = [written(stated('True', { type: 'Reconciling' })), written(stated('False'))];
    expect(merged(previous, stated('False'))[0]?.lastTransitionTime).to.equal(EARLIER);
  });
});

describe('conditions', () => {
  it('that are no longer stated are gone', () => {
    const previous = [written(stated('False')), written(stated('True', { type: 'Stalled' }))];
    expect(merged(previous, stated('True')).map(({ type }) => type)).to.deep.equal(['Ready']);
  });

  it('are found by their type', () => {
    const ready = written(stated('True'));
    expect(findCondition([ready], 'Ready')).to.equal(ready);
    expect(findCondition([ready], 'Stalled')).to.equal(undefined);
    expect(findCondition(undefined, 'Ready')).to.equal(undefined);
  });
});
