import { expect } from 'chai';
import fc from 'fast-check';
import { LineSplitter } from '../../../src/kube/lines.ts';

describe('lines of a stream', () => {
  it('come whole however the bytes are cut, also inside a character', () =>
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }).map(text => text.replaceAll('\n', ' '))),
        fc.array(fc.nat()),
        (lines, cuts) => {
          const splitter = new LineSplitter();
          const bytes = Buffer.from(lines.map(line => `${line}\n`).join(''));
          const borders = [0, ...cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
          const chunks = borders.slice(1).map((end, i) => bytes.subarray(borders[i], end));
          expect(chunks.flatMap(chunk => [...splitter.push(chunk)])).to.deep.equal(lines);
        },
      ),
    ));

  it('do not include the one that was cut off', () => {
    expect([...new LineSplitter().push(Buffer.from('{"a":1}\n{"b":'))]).to.deep.equal(['{"a":1}']);
  });
});
