import type { Rule } from '../finding.ts';

/**
 * As soon as one argument has two conditions, runc and crun make a rule of its own of each condition, so that one is enough
 * (runc, libcontainer/seccomp/seccomp_linux.go, `matchCall`; crun, src/libcrun/seccomp.c).
 */
export const repeatedArgument: Rule = {
  id: 'repeated-argument',
  severity: 'warning',
  summary: 'two conditions on one argument: one that holds is enough, where both seem to be meant',
  *check(profile) {
    for (const { at, names, conditions } of profile.rules) {
      const indices = conditions.map(({ index }) => index);
      const repeated = indices.findIndex((index, position) => indices.indexOf(index) !== position);
      if (repeated === -1) continue;
      const others = new Set(indices).size > 1 ? ', also of those on other arguments' : '';
      yield {
        message: `argument ${indices[repeated]} has several conditions: the rule holds as soon as any one condition does${others}`,
        fix: 'Write a rule for each if that is meant. A range cannot be written so: use SCMP_CMP_MASKED_EQ, or refuse what lies outside by rules of another action.',
        syscall: at,
        arg: repeated,
        names,
      };
    }
  },
};
