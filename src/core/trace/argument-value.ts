import { UINT64_MAX } from '../profile/uint64.ts';
import type { SyscallArch } from '../syscalls/table.ts';
import type { TracedCall } from './call.ts';
import { constant } from './constants.ts';

/** 32-bit programs pass arguments that wide (struct seccomp_data holds them zero-extended). */
const NARROW: ReadonlySet<SyscallArch> = new Set(['SCMP_ARCH_X86', 'SCMP_ARCH_ARM']);
const MASK32 = 0xffffffffn;

/**
 * The number that an argument of a traced call was, by its index from 0: a number, a name or names joined by `|`, with
 * strace's comments and descriptors' paths. Negative as printed: an int of -1 reaches the kernel with the upper half
 * filled or empty, as the program's code had it. Nothing where the trace shows a string, a structure or an unknown name.
 */
export function argumentValue(call: TracedCall, index: number, arch: SyscallArch): bigint | undefined {
  const text = call.name === 'clone' ? argumentOfClone(call.args, index, arch) : call.args[index];
  const isForeign = arch === 'SCMP_ARCH_PPC64LE' && call.name === 'ioctl' && /[A-Z]/.test(text ?? '');
  const value = text === undefined || isForeign ? undefined : numberOf(text.replace(/^[a-z_]\w*=/, ''));
  return value !== undefined && NARROW.has(arch) ? BigInt.asUintN(32, value) & MASK32 : value;
}

/** strace names the arguments of clone(2), in an order of its own; only flags and stack have the same place everywhere. */
function argumentOfClone(args: readonly string[], index: number, arch: SyscallArch): string | undefined {
  const order = arch === 'SCMP_ARCH_S390X' ? ['child_stack', 'flags'] : ['flags', 'child_stack'];
  const label = order[index];
  if (label === undefined) return undefined;
  const labelled = args.find(each => each.startsWith(`${label}=`));
  return labelled ?? (args.some(each => each.includes('=')) ? undefined : args[index]);
}

const COMMENT = /\/\*.*?\*\//g;
/** What `-y` adds to a descriptor or pid: always behind its number or AT_FDCWD. */
const ANNOTATION = /(?<=[\w ])<.*>$/;

function numberOf(printed: string): bigint | undefined {
  if (printed.length > 2_000 || printed.startsWith('"')) return undefined;
  const text = printed.replace(COMMENT, ' ').replace(ANNOTATION, '').trim();
  const request = requestOf(text);
  if (request !== undefined) return request;
  // A number with two names, as of ioctl requests: "TCGETS or SNDCTL_TMR_TIMEBASE".
  const alternatives = text.split(' or ').map(sumOf);
  return alternatives.find(value => value !== undefined);
}

function sumOf(text: string): bigint | undefined {
  let sum = 0n;
  const parts = text.split('|').map(part => termOf(part.trim()));
  for (const part of parts) {
    if (part === undefined || (part < 0n && parts.length > 1)) return undefined;
    sum = part < 0n ? part : sum | part;
  }
  return sum;
}

const SHIFT = /^(0x[0-9a-f]+|\d+)<<(\d{1,2})$/;
const PRODUCT = /^(\d+)\*(\d+)$/;

function termOf(text: string): bigint | undefined {
  if (text === 'NULL') return 0n;
  if (/^0[0-7]+$/.test(text)) return within64(BigInt(`0o${text}`));
  if (/^-?\d{1,20}$/.test(text)) return within64(BigInt(text));
  if (/^0x[0-9a-f]{1,16}$/.test(text)) return BigInt(text);
  const [, base, bits] = SHIFT.exec(text) ?? [];
  if (base && bits) return BigInt.asUintN(64, BigInt(base) << BigInt(bits));
  const [, one, two] = PRODUCT.exec(text) ?? [];
  if (one && two) return BigInt.asUintN(64, BigInt(one) * BigInt(two));
  return constant(text);
}

const within64 = (value: bigint) => (value <= UINT64_MAX && value >= -(2n ** 63n) ? value : undefined);

const REQUEST =
  /^_IO(?:C\(([A-Z_|0]+)|([RW]{0,2})\()(?:, )?(0x[0-9a-f]+|\d+), (0x[0-9a-f]+|\d+)(?:, (0x[0-9a-f]+|\d+))?\)$/;

/** An ioctl request that strace has no name for, by its parts: asm-generic/ioctl.h, `_IOC`. */
function requestOf(text: string): bigint | undefined {
  const [, flags, letters = '', type, number, size = '0'] = REQUEST.exec(text) ?? [];
  if (type === undefined || number === undefined) return undefined;
  const writes = flags === undefined ? letters.includes('W') : flags.includes('_IOC_WRITE');
  const reads = flags === undefined ? letters.includes('R') : flags.includes('_IOC_READ');
  const direction = (writes ? 1n : 0n) | (reads ? 2n : 0n);
  return BigInt.asUintN(32, (direction << 30n) | (BigInt(size) << 16n) | (BigInt(type) << 8n) | BigInt(number));
}
