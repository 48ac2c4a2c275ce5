import { expect } from 'chai';
import { nat, property, assert as propertyHolds, uniqueArray } from 'fast-check';
import { numberList, numbersIn } from '../../../../src/core/violations/number-list.ts';

describe('a list of numbers as text', () => {
  it('has runs', () => {
    expect(numberList([12, 0, 1, 2, 5, 9, 10, 11])).to.equal('0-2,5,9-12');
    expect(numberList([])).to.equal('');
  });

  it('is read as it was written', () => {
    propertyHolds(
      property(uniqueArray(nat(2 ** 31), { maxLength: 512 }), numbers => {
        expect(numbersIn(numberList(numbers))).to.deep.equal(numbers.toSorted((a, b) => a - b));
      }),
    );
  });

  it('is read within bounds, whoever wrote it', () => {
    expect(numbersIn('0-4000000000,7')).to.have.length(512);
    expect(numbersIn('9-3, x, -')).to.deep.equal([]);
  });
});
