import { expect } from 'chai';
import { placeName, readLabels, selectedLabels, selectorFor } from '../../../../src/core/fleet/place.ts';

describe('what a node is told of itself', () => {
  it('has a name that is a label too, however long that of the node is', () => {
    const long = `${'a'.repeat(60)}.example.com`;
    for (const name of ['node-1', 'true', 'ip-10-0-0-1.example.com', long])
      expect(placeName(name)).to.match(/^[A-Za-z0-9][-A-Za-z0-9_.]{0,61}[A-Za-z0-9]$/);
    expect(placeName(long)).not.to.equal(placeName(`${long}x`));
    expect(placeName('true'), 'no profile has this label').not.to.equal('true');
  });

  it('comes with the profiles', () => {
    expect(selectorFor('n1')).to.equal('seccomp-operator.dev/rendered in (true,node-n1)');
  });

  it('are the labels that somebody selects by, in one order', () => {
    expect(JSON.stringify(selectedLabels({ b: '2', c: '3', a: '1' }, new Set(['a', 'b', 'x'])))).to.equal(
      '{"a":"1","b":"2"}',
    );
  });

  it('is nothing where it was altered', () => {
    for (const text of ['', '[', 'null', '3', '"a"']) expect(readLabels({ 'labels.json': text })).to.deep.equal({});
    expect(readLabels({ 'labels.json': '{"a":"1","b":2}' })).to.deep.equal({ a: '1' });
    expect(readLabels(undefined)).to.deep.equal({});
  });
});
