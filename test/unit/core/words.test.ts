import { expect } from 'chai';
import type { SeccompProfileSpec } from '../../../src/core/api/seccomp-profile.ts';
import { buildFilter } from '../../../src/core/simulate/filter.ts';
import { casesInWords, casesOf } from '../../../src/core/words/call.ts';
import { conditionInWords, parseValue } from '../../../src/core/words/condition.ts';
import { outcomeInWords } from '../../../src/core/words/outcome.ts';

describe('a condition in words', () => {
  const CONDITIONS: [string, Parameters<typeof conditionInWords>[1], string][] = [
    ['socket', { index: 0, op: 'SCMP_CMP_EQ', value: 2n, valueTwo: 0n }, 'argument 0 = AF_INET'],
    ['socket', { index: 0, op: 'SCMP_CMP_NE', value: 200n, valueTwo: 0n }, 'argument 0 != 200'],
    ['kill', { index: 1, op: 'SCMP_CMP_GE', value: 4096n, valueTwo: 0n }, 'argument 1 >= 0x1000'],
    [
      'clone',
      { index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 0x20000n, valueTwo: 0n },
      'argument 0 has none of CLONE_NEWNS',
    ],
    ['clone', { index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 0x100n, valueTwo: 0x100n }, 'argument 0 has CLONE_VM'],
    [
      'clone',
      { index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 0x7e020000n, valueTwo: 0n },
      'argument 0 has none of CLONE_NEWNS|... (0x7e020000)',
    ],
    ['x', { index: 2, op: 'SCMP_CMP_MASKED_EQ', value: 0xf0n, valueTwo: 0x30n }, 'argument 2 & 0xf0 = 0x30'],
    ['ioctl', { index: 1, op: 'SCMP_CMP_MASKED_EQ', value: 0xffffffffn, valueTwo: 0x5412n }, 'argument 1 = TIOCSTI'],
    ['personality', { index: 0, op: 'SCMP_CMP_EQ', value: 8n, valueTwo: 0n }, 'argument 0 = PER_LINUX32'],
    [
      'mmap',
      { index: 2, op: 'SCMP_CMP_MASKED_EQ', value: 6n, valueTwo: 6n },
      'argument 2 & PROT_WRITE|PROT_EXEC = 0x6',
    ],
  ];
  for (const [call, condition, words] of CONDITIONS) {
    it(words, () => expect(conditionInWords(call, condition)).to.equal(words));
  }
});

describe('a value as somebody types it', () => {
  it('is a number or names', () => {
    expect([parseValue('12'), parseValue('0x10'), parseValue('-1'), parseValue('AF_INET')]).to.deep.equal([
      12n,
      16n,
      -1n,
      2n,
    ]);
    expect(parseValue('CLONE_VM|CLONE_FS')).to.equal(0x300n);
    expect([parseValue('AF_WHAT'), parseValue(''), parseValue('0x')]).to.deep.equal([undefined, undefined, undefined]);
  });
});

describe('what becomes of a call', () => {
  it('in words', () => {
    expect(outcomeInWords({ action: 'SCMP_ACT_ERRNO', errno: 38 })).to.equal('refused with ENOSYS');
    expect(outcomeInWords({ action: 'SCMP_ACT_ERRNO', errno: 0 })).to.equal('not made, and reported as done');
    expect(outcomeInWords({ action: 'SCMP_ACT_ERRNO', errno: 4000 })).to.equal('refused with errno 4000');
    expect(outcomeInWords({ action: 'SCMP_ACT_KILL_PROCESS' })).to.equal('ends the process');
  });

  const spec: SeccompProfileSpec = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { names: ['read', 'write', 'exit_group'], action: 'SCMP_ACT_ALLOW' },
      { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
      { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 2, op: 'SCMP_CMP_EQ' }] },
      {
        names: ['socket'],
        action: 'SCMP_ACT_LOG',
        args: [
          { index: 0, value: 10, op: 'SCMP_CMP_EQ' },
          { index: 1, value: 3, op: 'SCMP_CMP_NE' },
        ],
      },
    ],
  };
  const filter = buildFilter(spec, { native: 'SCMP_ARCH_X86_64', runtime: { name: 'runc' } });
  const words = (call: string) => casesInWords(casesOf(filter, 'SCMP_ARCH_X86_64', call));

  it('whatever its arguments are', () => {
    expect(words('read')).to.equal('allowed');
    expect(words('mount')).to.equal('refused with EPERM');
    expect(words('clone3')).to.equal('refused with ENOSYS');
  });

  it('depending on them', () => {
    expect(words('socket')).to.equal(
      'allowed if argument 0 = AF_UNIX, AF_INET, allowed and logged if argument 0 = AF_INET6 and argument 1 != 3, else refused with EPERM',
    );
  });
});
