import type { Comparison } from '../simulate/condition.ts';
import { constant, nameOfConstant } from '../trace/constants.ts';

/** A condition with its values as numbers. */
export interface Condition {
  readonly index: number;
  readonly op: Comparison;
  readonly value: bigint;
  readonly valueTwo: bigint;
}

/** Arguments whose values have names: by call and index, the prefix of the names. */
const NAMED: Readonly<Record<string, string>> = {
  'arch_prctl 0': 'ARCH_',
  'fcntl 1': 'F_',
  'ioctl 1': '',
  'madvise 2': 'MADV_',
  'personality 0': 'PER_',
  'prctl 0': 'PR_',
  'setns 1': 'CLONE_',
  'socket 0': 'AF_',
  'socketpair 0': 'AF_',
};
/** Arguments that are sets of flags. */
const FLAGS: Readonly<Record<string, string>> = {
  'clone 0': 'CLONE_',
  'unshare 0': 'CLONE_',
  'mprotect 2': 'PROT_',
  'mmap 2': 'PROT_',
};

const SIGNS: Readonly<Record<Exclude<Comparison, 'SCMP_CMP_MASKED_EQ'>, string>> = {
  SCMP_CMP_NE: '!=',
  SCMP_CMP_LT: '<',
  SCMP_CMP_LE: '<=',
  SCMP_CMP_EQ: '=',
  SCMP_CMP_GE: '>=',
  SCMP_CMP_GT: '>',
};

/** `argument 0 = AF_INET`, as a person would say it. */
export function conditionInWords(call: string, { index, op, value, valueTwo }: Condition): string {
  const argument = `argument ${index}`;
  if (op !== 'SCMP_CMP_MASKED_EQ') return `${argument} ${SIGNS[op]} ${valueInWords(call, index, value)}`;
  const wanted = valueTwo & value;
  const mask = flagsInWords(call, index, value);
  if (isWhole(value)) return `${argument} = ${valueInWords(call, index, wanted)}`;
  if (wanted === 0n) return `${argument} has none of ${mask}`;
  return wanted === value && isOneBit(value) ? `${argument} has ${mask}` : `${argument} & ${mask} = ${hex(wanted)}`;
}

/** All conditions of a rule must hold. */
export const conditionsInWords = (call: string, conditions: readonly Condition[]): string =>
  conditions.map(each => conditionInWords(call, each)).join(' and ');

function valueInWords(call: string, index: number, value: bigint): string {
  const prefix = NAMED[`${call} ${index}`];
  const name = prefix === undefined ? undefined : nameOfConstant(prefix, value);
  if (name) return name;
  return `${call} ${index}` in FLAGS ? flagsInWords(call, index, value) : number(value);
}

/** The names of single bits; a number where one has none. */
function flagsInWords(call: string, index: number, value: bigint): string {
  const prefix = FLAGS[`${call} ${index}`];
  if (prefix === undefined || value === 0n) return hex(value);
  const names: string[] = [];
  for (let bit = 1n; bit <= value; bit <<= 1n) {
    if ((value & bit) === 0n) continue;
    const name = nameOfConstant(prefix, bit);
    if (!name) return hex(value);
    names.push(name);
  }
  return names.length > 4 ? `${names[0]}|... (${hex(value)})` : names.join('|');
}

const isWhole = (mask: bigint) => mask === 0xffffffffn || mask === 2n ** 64n - 1n;
const isOneBit = (value: bigint) => (value & (value - 1n)) === 0n;
const hex = (value: bigint) => `0x${value.toString(16)}`;
const number = (value: bigint) => (value < 1024n ? String(value) : hex(value));

/** A value as somebody types it: a number, or the name of a constant. Nothing where it is neither. */
export function parseValue(text: string): bigint | undefined {
  if (/^-?\d{1,20}$/.test(text) || /^0x[0-9a-f]{1,16}$/i.test(text)) return BigInt(text);
  const parts = text.split('|').map(constant);
  return parts.some(part => part === undefined) ? undefined : (parts as bigint[]).reduce((sum, part) => sum | part, 0n);
}
