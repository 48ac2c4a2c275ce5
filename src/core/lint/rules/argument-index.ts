import type { Rule } from '../finding.ts';

/** System calls have at most six arguments (syscall(2)); libseccomp refuses to look at more. */
export const argumentIndex: Rule = {
  id: 'argument-index',
  severity: 'error',
  summary: 'an argument beyond the sixth: no container starts',
  *check(profile) {
    for (const { at, names, conditions } of profile.rules) {
      for (const [arg, { index }] of conditions.entries()) {
        if (index >= 0 && index <= 5) continue;
        yield {
          message: `there is no argument ${index}: no container starts ("syscalls only have up to 6 arguments")`,
          fix: 'Use 0 to 5.',
          syscall: at,
          arg,
          names,
        };
      }
    }
  },
};
