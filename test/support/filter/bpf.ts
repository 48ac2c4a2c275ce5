/** One instruction of a classic BPF program (`struct sock_filter`). */
export interface Instruction {
  readonly code: number;
  readonly whenTrue: number;
  readonly whenFalse: number;
  readonly k: number;
}

/** What the kernel shows a filter (`struct seccomp_data`). */
export interface SeccompData {
  readonly number: number;
  readonly architecture: number;
  readonly args: readonly bigint[];
}

export type Endian = 'little' | 'big';

export function readProgram(bytes: Buffer, endian: Endian): Instruction[] {
  const isLittle = endian === 'little';
  return Array.from({ length: bytes.length / 8 }, (_, at) => ({
    code: isLittle ? bytes.readUInt16LE(at * 8) : bytes.readUInt16BE(at * 8),
    whenTrue: bytes.readUInt8(at * 8 + 2),
    whenFalse: bytes.readUInt8(at * 8 + 3),
    k: isLittle ? bytes.readUInt32LE(at * 8 + 4) : bytes.readUInt32BE(at * 8 + 4),
  }));
}

/** What the program returns: the subset of BPF that seccomp filters use (Linux, kernel/seccomp.c, `seccomp_check_filter`). */
export function execute(program: readonly Instruction[], data: SeccompData, endian: Endian): number {
  const memory = memoryOf(data, endian);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const instruction = program[at];
    if (!instruction) throw new Error(`the program runs past its end, at ${at}`);
    const { code, whenTrue, whenFalse, k } = instruction;
    const jump = (holds: boolean) => {
      at += holds ? whenTrue : whenFalse;
    };
    switch (code) {
      case 0x20: // LD W ABS
        accumulator = endian === 'little' ? memory.readUInt32LE(k) : memory.readUInt32BE(k);
        break;
      case 0x54: // ALU AND K
        accumulator = (accumulator & k) >>> 0;
        break;
      case 0x05: // JMP JA
        at += k;
        break;
      case 0x15: // JMP JEQ K
        jump(accumulator === k);
        break;
      case 0x25: // JMP JGT K
        jump(accumulator > k);
        break;
      case 0x35: // JMP JGE K
        jump(accumulator >= k);
        break;
      case 0x45: // JMP JSET K
        jump((accumulator & k) !== 0);
        break;
      case 0x06: // RET K
        return k;
      default:
        throw new Error(`instruction 0x${code.toString(16)} at ${at} is none of a seccomp filter`);
    }
  }
}

function memoryOf({ number, architecture, args }: SeccompData, endian: Endian): Buffer {
  const memory = Buffer.alloc(64);
  const isLittle = endian === 'little';
  const word = (value: number, at: number) =>
    isLittle ? memory.writeUInt32LE(value >>> 0, at) : memory.writeUInt32BE(value >>> 0, at);
  word(number, 0);
  word(architecture, 4);
  for (const [at, value] of args.entries()) {
    if (isLittle) memory.writeBigUInt64LE(value, 16 + at * 8);
    else memory.writeBigUInt64BE(value, 16 + at * 8);
  }
  return memory;
}
