import type { Rule } from '../finding.ts';
import type { Condition } from '../view.ts';

const LOW = 0xffffffffn;
/** As far below zero as an `int` argument is likely to be: AT_FDCWD is -100. */
const SMALL = 0xffffn;

/** seccomp(2): arguments are 64 bits wide; whether an int is extended by its sign is up to the caller's machine code. */
export const negativeInt: Rule = {
  id: 'negative-int',
  severity: 'warning',
  summary: 'a negative int compared in one of the two forms in which it reaches the filter',
  *check(profile) {
    for (const { at, names, conditions } of profile.rules) {
      for (const [arg, condition] of conditions.entries()) {
        const number = negative(condition);
        if (number === undefined) continue;
        yield {
          message: `${hex(condition.value)} is ${number} as an int, which reaches the filter as ${hex(number & LOW)} or ${hex(BigInt.asUintN(64, number))}, depending on the caller`,
          fix: `Compare the low half: {index: ${condition.index}, op: SCMP_CMP_MASKED_EQ, value: "0xffffffff", valueTwo: "${hex(number & LOW)}"}.`,
          syscall: at,
          arg,
          names,
        };
      }
    }
  },
};

function negative({ op, value }: Condition): bigint | undefined {
  if (op === 'SCMP_CMP_MASKED_EQ') return undefined;
  const isWide = value >= 2n ** 64n - 1n - SMALL;
  const isNarrow = value <= LOW && value >= LOW - SMALL;
  return isWide ? BigInt.asIntN(64, value) : isNarrow ? BigInt.asIntN(32, value) : undefined;
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;
