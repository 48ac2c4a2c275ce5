import { expect } from 'chai';
import fc from 'fast-check';
import { compareResourceVersions } from '../../../src/core/resource-version.ts';

describe('resource versions', () => {
  it('are ordered as the numbers they are, also beyond what a double holds', () => {
    const number = fc.bigInt({ min: 0n, max: 2n ** 80n });
    fc.assert(
      fc.property(number, number, (a, b) => {
        const expected = a < b ? -1 : Number(a > b);
        expect(Math.sign(compareResourceVersions(String(a), String(b)))).to.equal(expected);
      }),
    );
  });

  it('are ordered by their length first: 10 is newer than 9', () => {
    expect(compareResourceVersions('10', '9')).to.be.above(0);
  });

  it('differ in the last digit of 2^53 + 1', () => {
    expect(compareResourceVersions('9007199254740992', '9007199254740993')).to.be.below(0);
  });
});
