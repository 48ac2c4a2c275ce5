import { own } from '../../own.ts';
import type { Rule } from '../finding.ts';

/** Which argument is the signal: kill(2), tkill(2), tgkill(2), rt_sigqueueinfo(2), pidfd_send_signal(2). */
const SIGNAL: Readonly<Record<string, number>> = {
  kill: 1,
  tkill: 1,
  tgkill: 2,
  rt_sigqueueinfo: 1,
  rt_tgsigqueueinfo: 2,
  pidfd_send_signal: 1,
};

export const signalArgument: Rule = {
  id: 'signal-argument',
  severity: 'warning',
  summary: 'a condition on the thread id of tgkill, where the signal is meant',
  *check(profile) {
    for (const { at, names, conditions } of profile.rules) {
      const third = names.filter(name => own(SIGNAL, name) === 2);
      const isShared = names.length > third.length;
      const arg = conditions.findIndex(({ index, value }) => index === 1 && value <= 64n);
      if (arg === -1 || third.length === 0) continue;
      yield {
        message: `argument 1 of ${third.join(' and ')} is a thread id; the signal is argument 2${isShared ? `, other than with ${names.find(name => own(SIGNAL, name) === 1) ?? names[0]}` : ''}`,
        fix: `Give ${third.join(' and ')} a rule with index 2.`,
        syscall: at,
        arg,
        names: third,
      };
    }
  },
};
