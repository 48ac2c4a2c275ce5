import type { SyscallArch } from '../../syscalls/table.ts';
import type { Rule } from '../finding.ts';

/** The 32-bit programs that kernels of an architecture run too, and the call that none of these starts without. */
const COMPAT: readonly { native: SyscallArch; compat: SyscallArch; what: string; start: string }[] = [
  { native: 'SCMP_ARCH_X86_64', compat: 'SCMP_ARCH_X86', what: '32-bit x86 programs', start: 'set_thread_area' },
  { native: 'SCMP_ARCH_AARCH64', compat: 'SCMP_ARCH_ARM', what: '32-bit ARM programs', start: 'set_tls' },
];

/** seccomp(2), "Architecture": libseccomp kills what makes calls of an architecture that the filter does not hold. */
export const architectureGap: Rule = {
  id: 'architecture-gap',
  severity: 'info',
  summary: '32-bit programs that are killed, or that cannot start though their architecture is listed',
  *check(profile, target) {
    const listed: readonly string[] = profile.spec.architectures ?? [];
    for (const { native, compat, what, start } of COMPAT) {
      if (!target.architectures.includes(native)) continue;
      if (!listed.includes(compat)) {
        yield {
          message: `${what} are killed on ${native} nodes, whatever the rules say: ${compat} is not listed`,
          fix: `Nothing if there are none; otherwise add ${compat} to architectures.`,
          field: 'architectures',
        };
        continue;
      }
      if (!profile.refuses(start)) continue;
      yield {
        message: `${compat} is listed, and ${what} do not start: they need ${start}`,
        fix: `Allow ${start}, or take ${compat} out of architectures.`,
        field: 'architectures',
        names: [start],
      };
    }
  },
};
