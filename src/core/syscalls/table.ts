import { TABLE } from './data.ts';

/** The architectures whose calls are known, in the order of the table's columns. */
export const SYSCALL_ARCHITECTURES = [
  'SCMP_ARCH_X86_64',
  'SCMP_ARCH_X86',
  'SCMP_ARCH_X32',
  'SCMP_ARCH_AARCH64',
  'SCMP_ARCH_ARM',
  'SCMP_ARCH_RISCV64',
  'SCMP_ARCH_S390X',
  'SCMP_ARCH_PPC64LE',
  'SCMP_ARCH_LOONGARCH64',
] as const;

/** An architecture as libseccomp names it. */
export type SyscallArch = (typeof SYSCALL_ARCHITECTURES)[number];

/** Columns that may say "as in that column". */
const LIKE: Partial<Record<SyscallArch, SyscallArch>> = {
  SCMP_ARCH_X32: 'SCMP_ARCH_X86_64',
  SCMP_ARCH_RISCV64: 'SCMP_ARCH_AARCH64',
  SCMP_ARCH_LOONGARCH64: 'SCMP_ARCH_AARCH64',
};

/** What tells an x32 call from one of x86_64 (`__X32_SYSCALL_BIT`, arch/x86/include/uapi/asm/unistd.h). */
const X32_BIT = 0x40000000;

interface Versions {
  readonly kernel: string | undefined;
  readonly libseccomp: string | undefined;
}

interface Tables {
  readonly versions: ReadonlyMap<string, Versions>;
  readonly numbers: ReadonlyMap<SyscallArch, ReadonlyMap<string, number>>;
  readonly names: ReadonlyMap<SyscallArch, ReadonlyMap<number, string>>;
}

/** The number as the filter sees it (`seccomp_data.nr`), on x32 with bit 30; nothing where the architecture lacks the call. */
export const syscallNumber = (arch: SyscallArch, name: string): number | undefined =>
  tables().numbers.get(arch)?.get(name);

/** The name of a number; the number of an x32 call has bit 30. */
export const syscallName = (arch: SyscallArch, number: number): string | undefined =>
  tables().names.get(arch)?.get(number);

/** All names that have a number on the architecture. */
export const syscallNames = (arch: SyscallArch): Iterable<string> => tables().numbers.get(arch)?.keys() ?? [];

/** All names that have a number on some architecture. */
export const allSyscallNames = (): Iterable<string> => tables().versions.keys();

/** Whether some architecture has such a call. */
export const isKnownSyscall = (name: string): boolean => tables().versions.has(name);

/** The first kernel with this call, such as `5.3` (syscalls(2)); on some architectures it came later. */
export const kernelVersion = (name: string): string | undefined => tables().versions.get(name)?.kernel;

/** The first libseccomp that knows the name; an older one drops it from a profile. 2.2.0 stands for all before it too. */
export const libseccompVersion = (name: string): string | undefined => tables().versions.get(name)?.libseccomp;

/** The highest number of the architecture, ARM's private calls (from 0x0f0000) left out. */
export function highestNumber(arch: SyscallArch): number {
  const numbers = [...(tables().numbers.get(arch)?.values() ?? [])];
  return Math.max(...numbers.filter(number => arch !== 'SCMP_ARCH_ARM' || number < 0x0f0000));
}

let decoded: Tables | undefined;

/** Decoded once, and only by a program that asks. */
function tables(): Tables {
  decoded ??= decode(TABLE);
  return decoded;
}

function decode(text: string): Tables {
  const versions = new Map<string, Versions>();
  const numbers = new Map(SYSCALL_ARCHITECTURES.map(arch => [arch, new Map<string, number>()]));
  for (const line of text.trim().split('\n')) {
    const [name = '', kernel, libseccomp, ...cells] = line.split(' ');
    versions.set(name, { kernel: orNothing(kernel), libseccomp: orNothing(libseccomp) });
    for (const [arch, table] of numbers) {
      const cell = cellOf(cells, arch);
      if (cell !== '-') table.set(name, Number(cell) + (arch === 'SCMP_ARCH_X32' ? X32_BIT : 0));
    }
  }
  const names = new Map([...numbers].map(([arch, table]) => [arch, inverse(table)]));
  return { versions, numbers, names };
}

const orNothing = (cell: string | undefined) => (cell === '-' ? undefined : cell);

function cellOf(cells: readonly string[], arch: SyscallArch): string {
  if (cells.length === 1) return cells[0] ?? '-';
  const cell = cells[SYSCALL_ARCHITECTURES.indexOf(arch)] ?? '-';
  const like = LIKE[arch];
  return cell === '=' && like ? cellOf(cells, like) : cell;
}

const inverse = (table: ReadonlyMap<string, number>) => new Map([...table].map(([name, number]) => [number, name]));
