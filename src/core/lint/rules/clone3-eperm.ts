import type { SyscallArch } from '../../syscalls/table.ts';
import type { Rule } from '../finding.ts';
import type { LintTarget } from '../target.ts';
import { ENOSYS, type Outcome, outcomeText, type ProfileView } from '../view.ts';

/** glibc (2.34 and newer) goes back to clone(2) after ENOSYS alone; EPERM fails pthread_create(3). */
export const clone3Eperm: Rule = {
  id: 'clone3-eperm',
  severity: 'warning',
  summary: 'clone3 refused with another error than ENOSYS: programs with threads do not run',
  *check(profile, target) {
    const { outcomes, rule } = profile.verdict('clone3');
    const breaking = outcomes.find(breaks);
    if (!breaking) return;
    // Not named: runc may answer ENOSYS by itself.
    const affected = rule ? target.runtimes : target.runtimes.filter(({ name }) => !isSpared(profile, target, name));
    if (affected.length === 0) return;
    const where = rule || affected.length === target.runtimes.length ? '' : ' on crun';
    yield {
      message: `clone3 gets ${outcomeText(breaking)}${breaking.errno === 1 ? ' (EPERM)' : ''}${where}: programs linked with glibc 2.34 or newer, and others that start threads with clone3, fail; with ENOSYS they fall back to clone`,
      fix: 'Give clone3 a rule of its own: {names: [clone3], action: SCMP_ACT_ERRNO, errnoRet: 38}; or allow it, if namespaces need no guard.',
      names: ['clone3'],
      ...(rule ? { syscall: rule.at } : { field: 'defaultAction' }),
    };
  },
};

const breaks = ({ action, errno }: Outcome): boolean =>
  (action === 'SCMP_ACT_ERRNO' && errno !== ENOSYS && errno !== 0) ||
  action.startsWith('SCMP_ACT_KILL') ||
  action === 'SCMP_ACT_TRAP';

const isSpared = (profile: ProfileView, { architectures }: LintTarget, runtime: string): boolean =>
  runtime === 'runc' && architectures.every((arch: SyscallArch) => profile.hasStubFor('clone3', arch));
