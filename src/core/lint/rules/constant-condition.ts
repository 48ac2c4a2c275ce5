import { UINT64_MAX } from '../../profile/uint64.ts';
import type { Rule } from '../finding.ts';
import type { Condition } from '../view.ts';

/** seccomp_rule_add(3): comparisons are of unsigned 64-bit values; MASKED_EQ is `(argument & value) == valueTwo`. */
export const constantCondition: Rule = {
  id: 'constant-condition',
  severity: 'warning',
  summary: 'a condition that always or never holds',
  *check(profile) {
    for (const { at, names, conditions } of profile.rules) {
      for (const [arg, condition] of conditions.entries()) {
        const holds = constant(condition);
        if (holds === undefined) continue;
        yield {
          message: `this condition ${holds ? 'always' : 'never'} holds: ${reason(condition)}`,
          fix: holds ? 'Remove it, or correct its value.' : 'Correct its value, or remove the rule.',
          syscall: at,
          arg,
          names,
        };
      }
    }
  },
};

function constant({ op, value, valueTwo }: Condition): boolean | undefined {
  if (op === 'SCMP_CMP_LT' && value === 0n) return false;
  if (op === 'SCMP_CMP_GT' && value === UINT64_MAX) return false;
  if (op === 'SCMP_CMP_GE' && value === 0n) return true;
  if (op === 'SCMP_CMP_LE' && value === UINT64_MAX) return true;
  if (op !== 'SCMP_CMP_MASKED_EQ') return undefined;
  if ((valueTwo & ~value) !== 0n) return false;
  return value === 0n ? true : undefined;
}

const reason = ({ op, value, valueTwo }: Condition): string =>
  op === 'SCMP_CMP_MASKED_EQ'
    ? `valueTwo 0x${valueTwo.toString(16)} ${value === 0n ? 'equals what a mask of 0 leaves' : `has bits that the mask 0x${value.toString(16)} clears`}`
    : `${op} ${value} of an unsigned 64-bit integer`;
