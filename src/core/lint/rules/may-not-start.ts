import type { Rule } from '../finding.ts';
import { settingsOf, sometimesLacking } from '../starting.ts';

/** runc is a Go program: what its scheduler does between filter and program differs from start to start. */
export const mayNotStart: Rule = {
  id: 'may-not-start',
  severity: 'warning',
  summary: 'calls refused that runc makes now and then: some starts fail',
  *check(profile, target) {
    const names = [
      ...new Set(settingsOf(target).flatMap(setting => sometimesLacking(profile, setting, target))),
    ].sort();
    if (names.length === 0) return;
    const list = names.join(', ');
    yield {
      message: `some starts fail on runc: depending on its build and on the moment it calls ${list} before the program runs`,
      fix: `Allow ${list}${names.includes('clone') ? '; clone may have conditions on its flags' : ''}.`,
      field: 'syscalls',
      names,
    };
  },
};
