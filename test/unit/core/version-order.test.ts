import { expect } from 'chai';
import fc from 'fast-check';
import { VersionOrder } from '../../../src/core/version-order.ts';

describe('keys in the order of their resourceVersions', () => {
  it('gives those of a range, the end included', () => {
    const order = new VersionOrder();
    for (const [key, version] of Object.entries({ c: '30', a: '9', b: '10' })) order.set(key, version);
    expect(order.between('9', '30')).to.deep.equal(['b', 'c']);
    expect(order.between('0', '9')).to.deep.equal(['a']);
    expect(order.between('30', '9')).to.deep.equal([]);
  });

  it('agrees with a look at all of them, whatever was set and deleted before', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const version = fc.nat(20).map(String);
    const steps = fc.array(fc.tuple(key, fc.option(version)));
    fc.assert(
      fc.property(steps, version, version, (all, from, to) => {
        const order = new VersionOrder();
        const plain = new Map<string, string>();
        for (const [name, at] of all) {
          if (at === null) order.delete(name);
          else order.set(name, at);
          if (at === null) plain.delete(name);
          else plain.set(name, at);
        }
        const expected = [...plain].filter(([, at]) => Number(at) > Number(from) && Number(at) <= Number(to));
        expect(order.between(from, to)).to.have.members(expected.map(([name]) => name));
      }),
    );
  });
});
