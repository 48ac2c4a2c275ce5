import { expect } from 'chai';
import { architecturesFor } from '../../../../src/core/profile/architectures.ts';

const EVERYWHERE = [
  'SCMP_ARCH_S390X',
  'SCMP_ARCH_ARM',
  'SCMP_ARCH_X86',
  'SCMP_ARCH_AARCH64',
  'SCMP_ARCH_X86_64',
  'SCMP_ARCH_MIPSEL',
];

describe('the architectures in the file of a node', () => {
  const cases: [string, string, string[], string[]][] = [
    ['are those of its family, in a fixed order', 'amd64', EVERYWHERE, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']],
    ['follow the node', 'arm64', EVERYWHERE, ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']],
    ['leave out the other byte order, which stops containers', 's390x', EVERYWHERE, ['SCMP_ARCH_S390X']],
    ['are none where none is of its family', 'riscv64', EVERYWHERE, []],
    ['are none on a node whose architecture is not known', 'sparc64', EVERYWHERE, []],
    ['leave out NATIVE, which no runtime knows', 'amd64', ['SCMP_ARCH_NATIVE'], []],
    ['are only those that are listed', 'amd64', ['SCMP_ARCH_X32'], ['SCMP_ARCH_X32']],
  ];
  for (const [what, node, listed, expected] of cases) {
    it(what, () => {
      expect(architecturesFor(node, listed)).to.deep.equal(expected);
    });
  }
});
