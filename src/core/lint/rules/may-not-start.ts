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
      message: `runc, a Go program, calls ${list} now and then while it starts a container: some starts fail, more on a busy node`,
      fix: `Allow ${list}${names.includes('clone') ? '; clone may have conditions on its flags' : ''}.`,
      field: 'syscalls',
      names,
    };
  },
};
