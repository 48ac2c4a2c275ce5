import { syscallNumber } from '../../syscalls/table.ts';
import type { Rule } from '../finding.ts';

const NARROW = ['SCMP_ARCH_X86', 'SCMP_ARCH_ARM'] as const;

/** libseccomp builds 32-bit architectures' part of a filter from the low halves alone (src/gen_bpf.c). */
export const wideValue: Rule = {
  id: 'wide-value',
  severity: 'warning',
  summary: 'a value above 32 bits where a 32-bit architecture is listed: there its low half is compared',
  *check(profile) {
    const narrow = NARROW.filter(arch => profile.spec.architectures?.includes(arch));
    for (const { at, names, conditions } of profile.rules) {
      const found = narrow.filter(arch => names.some(name => syscallNumber(arch, name) !== undefined));
      const arg = conditions.findIndex(({ value, valueTwo }) => value > 0xffffffffn || valueTwo > 0xffffffffn);
      if (arg === -1 || found.length === 0) continue;
      yield {
        message: `on ${found.join(', ')} only the low 32 bits of this value are compared, so that the rule holds for other arguments than it says`,
        fix: 'Give these architectures a profile of their own, or a value that fits in 32 bits.',
        severity: 'info',
        syscall: at,
        arg,
        names,
      };
    }
  },
};
