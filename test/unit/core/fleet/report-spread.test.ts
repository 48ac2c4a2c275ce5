import { expect } from 'chai';
import { readSpreadMs, reportSpreadMs } from '../../../../src/core/fleet/report-spread.ts';

describe('the spread of reports', () => {
  it('grows with the fleet, from nothing to ten seconds', () => {
    expect([3, 99, 100, 1_000, 5_000, 100_000].map(reportSpreadMs)).to.deep.equal([0, 0, 100, 1_000, 5_000, 10_000]);
  });

  it('is read as it was written, and never as more than is possible', () => {
    expect(['1000', '99999999', '-1', 'x', undefined, '', 'NaN', 'Infinity'].map(readSpreadMs)).to.deep.equal([
      1_000, 10_000, 0, 0, 0, 0, 0, 10_000,
    ]);
  });
});
