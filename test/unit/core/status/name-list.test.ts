import { expect } from 'chai';
import fc from 'fast-check';
import { cut, nameList } from '../../../../src/core/status/name-list.ts';

describe('names in a message', () => {
  const cases: [string, string[], string][] = [
    ['are nothing where there is none', [], ''],
    ['are all said while they are few', ['a', 'b', 'c'], 'a, b, c'],
    ['end with how many more there are', ['a', 'b', 'c', 'd', 'e'], 'a, b, c and 2 more'],
  ];
  for (const [what, names, expected] of cases) {
    it(what, () => {
      expect(nameList(names)).to.equal(expected);
    });
  }
});

describe('a message that is too long', () => {
  it('ends with an ellipsis, within the length', () => {
    expect(cut('abcdef', 4)).to.equal('abc…');
  });

  it('stays as it is where it just fits', () => {
    expect(cut('abcd', 4)).to.equal('abcd');
  });

  it('is never cut inside a character, which the API server would replace', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 12 }), (text, length) => {
        const short = cut(text, length);
        expect(short.isWellFormed()).to.equal(true);
        expect(short.length).to.be.at.most(length);
      }),
    );
  });
});
