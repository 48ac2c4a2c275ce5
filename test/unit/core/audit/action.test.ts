import { expect } from 'chai';
import { verdictOf, wasRefused } from '../../../../src/core/audit/action.ts';

describe('what became of a call', () => {
  const cases: [number, string | undefined, string, boolean][] = [
    [0x80000000, 'SCMP_ACT_KILL_PROCESS', 'process killed', true],
    [0x00000000, 'SCMP_ACT_KILL_THREAD', 'thread killed', true],
    [0x00030000, 'SCMP_ACT_TRAP', 'refused with SIGSYS', true],
    [0x00050000, 'SCMP_ACT_ERRNO', 'refused with an error number', true],
    [0x7ff00000, 'SCMP_ACT_TRACE', 'passed to the tracer, or refused without one', true],
    [0x7ffc0000, 'SCMP_ACT_LOG', 'allowed and logged', false],
    [0x12340000, undefined, 'unknown action 0x12340000', true],
  ];
  for (const [code, action, effect, refused] of cases) {
    it(`0x${code.toString(16)}: ${effect}`, () => {
      const verdict = verdictOf(code);
      expect(verdict).to.include({ effect });
      expect(verdict.action).to.equal(action);
      expect(wasRefused(verdict)).to.equal(refused);
    });
  }
});
