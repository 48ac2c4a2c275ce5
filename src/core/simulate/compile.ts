import { type SyscallArch, syscallNumber } from '../syscalls/table.ts';
import type { CallRules } from './call-rules.ts';
import { programsOf } from './program.ts';
import type { Node } from './tree.ts';

/** The rules of each call by its name, for each architecture of a filter. */
export type Rules = ReadonlyMap<string, ReadonlyMap<string, CallRules>>;

export interface Compiled {
  /**
   * The architectures whose part of the filter is blind: the first call of a part loads the number that all of them
   * compare, and it is not written out where the architecture lacks it. Then no rule is ever found.
   */
  readonly blind: readonly string[];
  /** At least so many instructions. */
  readonly instructions: number;
}

/** A call that has rules; without a number where its architecture lacks it, so that its rules are not written out. */
interface Entry {
  readonly rules: CallRules;
  readonly tree: Node | undefined;
  readonly number: number | undefined;
  /** Tests in the tree: calls with fewer are asked for first. */
  readonly size: number;
}

/**
 * Gives each call its program. Calls of one architecture stand in the order of their trees' sizes, or of their numbers
 * where runtime and libseccomp search by number; x32 and x86_64 stand together.
 *
 * Throws `TreeTrouble`.
 *
 * Source: libseccomp 2.5.0 to 2.6.1, src/gen_bpf.c, `_sys_priority_sort`, `_sys_num_sort`, `_gen_bpf_syscalls`.
 */
export function compile(rules: Rules, isSearchedByNumber: boolean): Compiled {
  const order = isSearchedByNumber ? byNumberFromTop : bySize;
  const parts: Part[] = sections([...rules.keys()]).map(section => ({
    section,
    entries: section.flatMap(arch => entriesOf(arch, rules.get(arch) ?? new Map()).sort(byNumber)).sort(order),
  }));
  const written = parts.flatMap(({ entries }) => entries.filter(({ tree, number }) => tree && number !== undefined));
  const { starts, instructions } = programsOf(written.flatMap(({ tree }) => tree ?? []));
  for (const [at, start] of starts.entries()) {
    const entry = written[at];
    if (entry) entry.rules.program = start;
  }
  const calls = parts.flatMap(({ entries }) => entries.filter(({ number }) => number !== undefined)).length;
  const isBlindPart = ({ section, entries }: Part) => !loadsByItself(section) && isBlind(entries);
  return {
    blind: isSearchedByNumber ? [] : parts.filter(isBlindPart).flatMap(({ section }) => section),
    instructions: instructions + calls + parts.length,
  };
}

interface Part {
  readonly section: readonly string[];
  readonly entries: readonly Entry[];
}

/** Calls that the architecture lacks have numbers below zero, which are taken for very large ones. */
const numberOf = ({ number }: Entry) => number ?? 2 ** 32;
const byNumber = (a: Entry, b: Entry) => numberOf(a) - numberOf(b);
const byNumberFromTop = (a: Entry, b: Entry) => numberOf(b) - numberOf(a);
const bySize = (a: Entry, b: Entry) => a.size - b.size;

const isBlind = ([first]: readonly Entry[]): boolean => first !== undefined && first.number === undefined;

/** x86_64 or x32 alone begin with a test of the number, for x32's bit. */
const loadsByItself = (section: readonly string[]): boolean =>
  section.length === 1 && SHARING.includes(section[0] ?? '');

const SHARING = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X32'];

function sections(architectures: readonly string[]): string[][] {
  const together = architectures.filter(each => SHARING.includes(each));
  return architectures.flatMap(each => {
    if (!SHARING.includes(each)) return [[each]];
    return each === together[0] ? [together] : [];
  });
}

function entriesOf(arch: string, calls: ReadonlyMap<string, CallRules>): Entry[] {
  return [...calls].map(([name, rules]) => {
    const { tree, size } = rules;
    return { rules, tree, number: syscallNumber(arch as SyscallArch, name), size };
  });
}
