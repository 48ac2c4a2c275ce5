import { expect } from 'chai';
import type { ResolvedSpec } from '../../../../src/core/profile/base.ts';
import { type Call, decide } from '../../../../src/core/simulate/decide.ts';
import type { Environment } from '../../../../src/core/simulate/environment.ts';
import { callText, explain } from '../../../../src/core/simulate/explain.ts';
import { buildFilter } from '../../../../src/core/simulate/filter.ts';

const NODE: Environment = { native: 'SCMP_ARCH_X86_64', runtime: { name: 'runc' } };

const SPEC: ResolvedSpec = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [
    { names: ['read', 'write', 'exit_group', 'clone3'], action: 'SCMP_ACT_ALLOW' },
    {
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 0x7e020000, valueTwo: 0 }],
    },
    { names: ['socket'], action: 'SCMP_ACT_LOG', args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 16 }] },
    { names: ['socket'], action: 'SCMP_ACT_KILL_PROCESS', args: [{ index: 2, op: 'SCMP_CMP_GT', value: 5 }] },
  ],
};

const linesOf = (call: Call) => explain(decide(buildFilter(SPEC, NODE), call));

describe('explain', () => {
  const six = (...given: bigint[]) => Array.from({ length: 6 }, (_, at) => given[at] ?? 0n);

  it('names the rule and the condition that held', () => {
    expect(linesOf({ call: 'clone', args: six(0x11n) })).to.deep.equal([
      'syscalls[1] (argument 0 & 0x7e020000 == 0): allowed',
    ]);
  });

  it('says that no rule decides', () => {
    expect(linesOf({ call: 'open' })).to.deep.equal(['no rule decides, defaultAction: refused with EPERM']);
  });

  it('says what runc does with a newer call', () => {
    expect(linesOf({ call: 'openat2' })).to.deep.equal([
      'newer than the profile: refused with ENOSYS',
      'runc answers ENOSYS to calls with a number above 435 (clone3), the highest that the profile names',
    ]);
  });

  it('lists all rules that match where that is ambiguous', () => {
    const [, why, also, possible] = linesOf({ call: 'socket', args: six(16n, 0n, 7n) });
    expect(why).to.match(/^ambiguous: rules 2, 3 match and differ/);
    expect(also).to.match(/^also matching, syscalls\[[23]\] \(argument/);
    expect(possible).to.match(/^possible: .*allowed and logged/);
  });

  it('says which argument is missing', () => {
    const lines = linesOf({ call: 'socket', args: [16n] });
    expect(lines.join('\n')).to.match(/uncertain: depends on argument 2, not given/);
  });

  it('writes a call as in C', () => {
    const decision = decide(buildFilter(SPEC, NODE), { call: 'clone' });
    expect(callText(decision, [17n, undefined, 0x7fff0000n])).to.equal('clone(17, ?, 0x7fff0000) on SCMP_ARCH_X86_64');
    expect(callText(decide(buildFilter(SPEC, NODE), { call: 500 }))).to.equal('system call 500() on SCMP_ARCH_X86_64');
  });
});
