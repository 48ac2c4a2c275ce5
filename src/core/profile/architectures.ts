/**
 * Which of a profile's `architectures` mean something on a node, by the node's architecture as Go names it.
 *
 * A kernel runs programs of its own family only (64-bit and the 32-bit forms of it), and libseccomp refuses to put
 * architectures of the other byte order into one filter, so that a profile which lists them all starts no container.
 * Source: libseccomp, src/arch.c and src/db.c (`db_col_db_add`).
 */
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  amd64: ['X86_64', 'X86', 'X32'],
  '386': ['X86'],
  arm64: ['AARCH64', 'ARM'],
  arm: ['ARM'],
  ppc64le: ['PPC64LE'],
  ppc64: ['PPC64', 'PPC'],
  s390x: ['S390X', 'S390'],
  riscv64: ['RISCV64'],
  loong64: ['LOONGARCH64'],
  mips: ['MIPS'],
  mipsle: ['MIPSEL'],
  mips64: ['MIPS64', 'MIPS', 'MIPS64N32'],
  mips64le: ['MIPSEL64', 'MIPSEL', 'MIPSEL64N32'],
};

/** Of Linux, as Go names them. A Node can say anything: only of these a file is rendered. */
export const isNodeArchitecture = (name: string): boolean => Object.hasOwn(FAMILIES, name);

/** Those of families that have more than one: the kernel of such a node runs programs of each of them. */
export const COMPATIBLE_ARCHITECTURES: readonly string[] = Object.values(FAMILIES)
  .filter(family => family.length > 1)
  .flatMap(family => family.map(name => `SCMP_ARCH_${name}`));

/**
 * The listed architectures of the node's family, in a fixed order. Empty when none is: then the field is left out, and the
 * runtime filters the native architecture, which it always adds.
 */
export function architecturesFor(nodeArchitecture: string, listed: readonly string[]): string[] {
  const family = isNodeArchitecture(nodeArchitecture) ? (FAMILIES[nodeArchitecture] ?? []) : [];
  return family.map(name => `SCMP_ARCH_${name}`).filter(name => listed.includes(name));
}
