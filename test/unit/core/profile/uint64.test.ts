import { expect } from 'chai';
import { ProfileError } from '../../../../src/core/profile/errors.ts';
import { parseUint64 } from '../../../../src/core/profile/uint64.ts';

describe('a value of 64 bits', () => {
  const readable: [number | string, bigint][] = [
    [0, 0n],
    [2114060288, 2114060288n],
    ['9007199254740993', 9007199254740993n],
    ['9223372036854775808', 2n ** 63n],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['0xFFFFFFFFFFFFFFFF', 2n ** 64n - 1n],
    ['0Xff', 255n],
    ['00000000000000000001', 1n],
  ];
  for (const [value, expected] of readable) {
    it(`reads ${JSON.stringify(value)} exactly`, () => {
      expect(parseUint64(value, 'value')).to.equal(expected);
    });
  }

  for (const value of [
    -1,
    1.5,
    2 ** 70,
    '',
    ' 1',
    '1 ',
    '-1',
    '1e3',
    'read',
    '18446744073709551616',
    '0x',
    '0x10000000000000000',
  ]) {
    it(`refuses ${JSON.stringify(value)}, naming the field and what to write`, () => {
      expect(() => parseUint64(value, 'spec.syscalls[0].args[1].value'))
        .to.throw(ProfileError, /^spec\.syscalls\[0\]\.args\[1\]\.value: .*write 0 to 18446744073709551615, quoted/)
        .with.property('reason', 'InvalidSpec');
    });
  }
});
