import { isAtLeast } from '../../versions.ts';
import type { Rule } from '../finding.ts';
import { type LintTarget, type Runtime, runtimeText } from '../target.ts';

/** Runtimes add the node's own architecture by themselves, so one that they refuse by name need not be listed. */
export const architectureUnsupported: Rule = {
  id: 'architecture-unsupported',
  severity: 'error',
  summary: 'an architecture that the runtime of such nodes refuses by name',
  *check({ spec }, target) {
    for (const arch of spec.architectures ?? []) {
      const refusing = target.runtimes.filter(runtime => isOnSuchNodes(arch, target) && refuses(runtime, arch, target));
      if (refusing.length === 0) continue;
      yield {
        message: `${refusing.map(runtimeText).join(', ')} refuses ${arch} by name, so that no container starts`,
        fix: `Remove ${arch}: the node's own architecture is in every filter.`,
        field: 'architectures',
      };
    }
  },
};

const isOnSuchNodes = (arch: string, { architectures }: LintTarget): boolean =>
  architectures.some(native => native === arch);

/** runc, CHANGELOG 1.1.8 (riscv64); libseccomp, CHANGELOG 2.6.0 (loongarch64); crun, src/libcrun/seccomp.c. */
function refuses({ name, version }: Runtime, arch: string, { libseccomp }: LintTarget): boolean {
  if (arch === 'SCMP_ARCH_RISCV64') return name === 'runc' && version !== undefined && !isAtLeast(version, '1.1.8');
  if (arch !== 'SCMP_ARCH_LOONGARCH64') return false;
  return (
    name === 'crun' || (version !== undefined && !isAtLeast(version, '1.2')) || !isAtLeast(libseccomp ?? '2.6', '2.6')
  );
}
