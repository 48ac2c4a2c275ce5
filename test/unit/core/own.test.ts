import { expect } from 'chai';
import type { SeccompProfileSpec } from '../../../src/core/api/seccomp-profile.ts';
import { errnoNumber } from '../../../src/core/errno.ts';
import { lint } from '../../../src/core/lint/lint.ts';
import { DEFAULT_TARGET } from '../../../src/core/lint/target.ts';
import { architecturesFor } from '../../../src/core/profile/architectures.ts';
import { architecture } from '../../../src/core/simulate/architecture.ts';
import { buildFilter } from '../../../src/core/simulate/filter.ts';
import { straceName } from '../../../src/core/trace/machine.ts';

/** The API server takes each of them for the name of a call. */
const NAMES = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf'];

describe('a name that every JavaScript object has', () => {
  for (const name of NAMES) {
    it(`is a name like any other: ${name}`, () => {
      const args = [{ index: 1, op: 'SCMP_CMP_EQ' as const, value: 9 }];
      const syscalls = [{ names: [name], action: 'SCMP_ACT_ERRNO' as const, args }];
      const spec: SeccompProfileSpec = { defaultAction: 'SCMP_ACT_ALLOW', syscalls };
      expect(lint(spec, DEFAULT_TARGET).map(({ rule }) => rule)).to.include('unknown-syscall');
      expect(() => buildFilter(spec, { native: 'SCMP_ARCH_X86_64', runtime: { name: 'crun' } })).not.to.throw();
      expect(straceName(name)).to.equal(name);
      expect(errnoNumber(name)).to.equal(undefined);
      expect(architecture(name)).to.equal(undefined);
      expect(architecturesFor(name, ['SCMP_ARCH_X86_64'])).to.deep.equal([]);
    });
  }
});
