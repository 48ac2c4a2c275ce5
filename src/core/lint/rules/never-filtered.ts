import type { Rule } from '../finding.ts';

/** Since Linux 6.11 for uretprobe and 6.18 for uprobe, on x86_64: arch/x86/include/asm/syscall.h and kernel/seccomp.c. */
const NEVER = ['uretprobe', 'uprobe'];

export const neverFiltered: Rule = {
  id: 'never-filtered',
  severity: 'info',
  summary: 'calls that newer kernels let through whatever a filter says',
  *check(profile) {
    for (const { at, names } of profile.rules) {
      const found = names.filter(name => NEVER.includes(name));
      if (found.length === 0) continue;
      yield {
        message: `${found.join(' and ')}: newer kernels never filter ${found.length > 1 ? 'these' : 'this'}, since only the kernel itself plants ${found.length > 1 ? 'them' : 'it'}`,
        fix: 'Remove it: the rule has an effect on no kernel that matters.',
        syscall: at,
        names: found,
      };
    }
  },
};
