import { syscallNumber } from '../../syscalls/table.ts';
import type { Rule } from '../finding.ts';
import { kills, passes } from '../view.ts';

/** clone(2): the raw call takes its flags first, on s390x second; clone3 takes them in memory, which no filter reads. */
export const cloneFlags: Rule = {
  id: 'clone-flags',
  severity: 'warning',
  summary: 'conditions on the flags of clone that clone3 goes round, or that read the stack pointer on s390x',
  *check(profile, { architectures }) {
    const guarded = profile.rulesFor('clone').filter(({ conditions }) => conditions.length > 0);
    const [first] = guarded;
    if (!first) return;
    const { outcomes } = profile.verdict('clone');
    if (outcomes.some(passes) && !outcomes.every(passes) && profile.allows('clone3')) {
      yield {
        message:
          'clone is allowed under conditions and clone3 without any: clone3 takes the same flags in memory, which no filter reads, so the conditions guard nothing',
        fix: 'Refuse clone3 with ENOSYS, so that programs fall back to clone: {names: [clone3], action: SCMP_ACT_ERRNO, errnoRet: 38}.',
        syscall: first.at,
        names: ['clone', 'clone3'],
      };
    }
    if (!architectures.includes('SCMP_ARCH_S390X') || syscallNumber('SCMP_ARCH_S390X', 'clone') === undefined) return;
    for (const { at, outcome, conditions } of guarded) {
      const arg = conditions.findIndex(({ index }) => index === 0);
      if (arg === -1 || kills(outcome)) continue;
      yield {
        message: 'on s390x argument 0 of clone is the new stack, and argument 1 the flags',
        fix: 'Use a profile of its own for s390x nodes, with index 1.',
        syscall: at,
        arg,
        names: ['clone'],
      };
    }
  },
};
