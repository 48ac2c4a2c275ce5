import { expect } from 'chai';
import fc from 'fast-check';
import { parseExact } from '../../../../src/core/json/exact.ts';

describe('JSON without lost digits', () => {
  it('gives an integer that a number cannot hold as a string of its digits', () => {
    const text = '{"args":[{"value":18446744073709551615,"valueTwo":9007199254740993}],"low":-9223372036854775808}';
    expect(parseExact(text)).to.deep.equal({
      args: [{ value: '18446744073709551615', valueTwo: '9007199254740993' }],
      low: '-9223372036854775808',
    });
  });

  it('leaves the largest exact integer, fractions and exponents as they are', () => {
    expect(parseExact('[9007199254740991, 1e21, 0.1234567890123456]')).to.deep.equal([
      9007199254740991, 1e21, 0.1234567890123456,
    ]);
  });

  it('does not touch digits within strings', () => {
    expect(parseExact('{"uid":"18446744073709551616"}')).to.deep.equal({ uid: '18446744073709551616' });
  });

  it('takes a lone number', () => {
    expect(parseExact('18446744073709551616')).to.equal('18446744073709551616');
  });

  it('loses no integer, whatever its size', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), number => {
        const { value } = parseExact(`{"value":${number}}`) as { value: number | string };
        expect(BigInt(value)).to.equal(number);
      }),
    );
  });

  it('equals JSON.parse where no integer is large, also when the slow way is taken', () => {
    fc.assert(
      fc.property(fc.json(), json => {
        const text = `{"long":"0000000000000000","value":${json}}`;
        fc.pre(!/\d{16}/.test(json));
        expect(parseExact(json)).to.deep.equal(JSON.parse(json));
        expect(parseExact(text)).to.deep.equal(JSON.parse(text));
      }),
    );
  });
});
