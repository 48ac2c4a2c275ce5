import { expect } from 'chai';
import { slopeOf } from '../../chaos/soak/slope.ts';

describe('the slope of measured points', () => {
  it('is that of the line they lie on, without a doubt', () => {
    const { perUnit, margin } = slopeOf(Array.from({ length: 10 }, (_, x) => [x, 3 + 2 * x]));
    expect(perUnit).to.be.closeTo(2, 1e-9);
    expect(margin).to.be.closeTo(0, 1e-9);
  });

  it('has an interval as in a table of Student’s t', () => {
    // By hand, with t = 2.306 for 8 degrees of freedom.
    const y = [1, 3, 2, 5, 4, 6, 8, 7, 9, 12];
    const { perUnit, margin, points } = slopeOf(y.map((value, x) => [x, value]));
    expect(points).to.equal(10);
    expect(perUnit).to.be.closeTo(1.0727, 0.0001);
    expect(margin).to.be.closeTo(0.2717, 0.001);
  });
});
