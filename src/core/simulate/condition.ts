/** How an argument is compared (`enum scmp_compare`, seccomp_rule_add(3)), unsigned. */
export const COMPARISONS = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;

export type Comparison = (typeof COMPARISONS)[number];

/** One condition on one argument. With MASKED_EQ `value` is the mask and `valueTwo` what the masked argument must equal. */
export interface Condition {
  readonly index: number;
  readonly op: Comparison;
  readonly value: bigint;
  readonly valueTwo: bigint;
}

/** How many bits of an argument the filter compares: on a 32-bit architecture values and masks lose their upper half too. */
export type Width = 32 | 64;

/** Whether an argument meets a condition as seccomp_rule_add(3) reads it. */
export function holds({ op, value, valueTwo }: Condition, argument: bigint, width: Width): boolean {
  const cut = (number: bigint) => BigInt.asUintN(width, number);
  const [a, b] = [cut(argument), cut(value)];
  switch (op) {
    case 'SCMP_CMP_NE':
      return a !== b;
    case 'SCMP_CMP_LT':
      return a < b;
    case 'SCMP_CMP_LE':
      return a <= b;
    case 'SCMP_CMP_EQ':
      return a === b;
    case 'SCMP_CMP_GE':
      return a >= b;
    case 'SCMP_CMP_GT':
      return a > b;
    case 'SCMP_CMP_MASKED_EQ':
      return (a & b) === (cut(valueTwo) & b);
  }
}

/** A mask without bits compares nothing: libseccomp leaves the condition out, and a rule of such conditions has none. */
export const saysNothing = ({ op, value }: Condition, width: Width): boolean =>
  op === 'SCMP_CMP_MASKED_EQ' && BigInt.asUintN(width, value) === 0n;
