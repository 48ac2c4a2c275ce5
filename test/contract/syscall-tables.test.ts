import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  allSyscallNames,
  libseccompVersion,
  SYSCALL_ARCHITECTURES,
  type SyscallArch,
  syscallNumber,
} from '../../src/core/syscalls/table.ts';

/** libseccomp's `include/seccomp.h`, `SCMP_ARCH_*`: the kernel's AUDIT_ARCH_* of linux/audit.h. */
const TOKENS: Record<SyscallArch, number> = {
  SCMP_ARCH_X86_64: 0xc000003e,
  SCMP_ARCH_X86: 0x40000003,
  SCMP_ARCH_X32: 0x4000003e,
  SCMP_ARCH_AARCH64: 0xc00000b7,
  SCMP_ARCH_ARM: 0x40000028,
  SCMP_ARCH_RISCV64: 0xc00000f3,
  SCMP_ARCH_S390X: 0x80000016,
  SCMP_ARCH_PPC64LE: 0xc0000015,
  SCMP_ARCH_LOONGARCH64: 0xc0000102,
};

/** Where Debian and Ubuntu keep the headers of the architecture Node runs on. */
const HEADERS: Partial<Record<NodeJS.Architecture, [SyscallArch, string][]>> = {
  x64: [
    ['SCMP_ARCH_X86_64', '/usr/include/x86_64-linux-gnu/asm/unistd_64.h'],
    ['SCMP_ARCH_X86', '/usr/include/x86_64-linux-gnu/asm/unistd_32.h'],
    ['SCMP_ARCH_X32', '/usr/include/x86_64-linux-gnu/asm/unistd_x32.h'],
  ],
  arm64: [['SCMP_ARCH_AARCH64', '/usr/include/asm-generic/unistd.h']],
};

describe('the syscall tables and this machine', () => {
  for (const [arch, header] of HEADERS[process.arch] ?? []) {
    it(`agree on ${arch} with the installed kernel headers`, () => {
      if (!existsSync(header)) throw new Error(`${header} is missing: apt-get install linux-libc-dev`);
      const defined = readHeader(readFileSync(header, 'utf8'), arch === 'SCMP_ARCH_X32' ? 0x40000000 : 0);
      expect(defined.length).to.be.above(250);
      for (const [name, number] of defined) expect(syscallNumber(arch, name), name).to.equal(number);
    });
  }

  it('agree with the installed libseccomp: every number, and which names it must know', () => {
    const { version, numbers } = libseccomp();
    const supported = SYSCALL_ARCHITECTURES.filter(arch => (numbers[arch]?.['read'] ?? -1) !== -1);
    expect(supported).to.include.members(['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64', 'SCMP_ARCH_S390X']);
    for (const arch of supported) {
      for (const [name, number] of Object.entries(numbers[arch] ?? {})) {
        const since = libseccompVersion(name);
        // Not the other way round: distributions add newer calls to older releases, as Debian did to 2.5.4.
        if (since && isAtMost(since, version))
          expect(number, `${name}, since ${since}, in ${version}`).not.to.equal(-1);
        // Below 0 where the architecture lacks the call, and for i386's, which also go through socketcall and ipc.
        if (number >= 0) expect(syscallNumber(arch, name), `${arch} ${name}`).to.equal(number);
      }
    }
  });
});

function readHeader(text: string, added: number): [string, number][] {
  const defined = text.matchAll(/^#define __NR_(\w+)\s+\(?(?:__X32_SYSCALL_BIT \+ )?(\d+)\)?$/gm);
  return [...defined]
    .map(([, name = '', number]): [string, number] => [name, Number(number) + added])
    .filter(([name]) => !['syscalls', 'arch_specific_syscall'].includes(name));
}

interface Answer {
  readonly version: string;
  readonly numbers: Partial<Record<SyscallArch, Record<string, number>>>;
}

function libseccomp(): Answer {
  const script = fileURLToPath(new URL('../support/libseccomp/resolve.py', import.meta.url));
  const input = JSON.stringify({ tokens: TOKENS, names: [...allSyscallNames()] });
  try {
    return JSON.parse(execFileSync('python3', [script], { input, stdio: ['pipe', 'pipe', 'pipe'] }).toString());
  } catch (error) {
    throw new Error(`libseccomp does not answer (apt-get install python3 libseccomp2): ${(error as Error).message}`);
  }
}

function isAtMost(version: string, limit: string): boolean {
  return version.localeCompare(limit, 'en', { numeric: true }) <= 0;
}
