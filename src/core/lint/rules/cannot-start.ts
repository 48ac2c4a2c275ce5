import type { Rule } from '../finding.ts';
import { lacking, settingsOf } from '../starting.ts';

/** The runtime makes calls after it has loaded the filter: see start-calls.ts, which says how that was measured. */
export const cannotStart: Rule = {
  id: 'cannot-start',
  severity: 'error',
  summary: 'calls refused that a runtime makes before the program runs: no container starts',
  *check(profile, target) {
    const settings = settingsOf(target).map(({ text, calls }) => ({ text, names: lacking(profile, calls, target) }));
    const failing = settings.filter(({ names }) => names.length > 0);
    for (const [list, group] of Map.groupBy(failing, ({ names }) => names.join(', '))) {
      const names = group[0]?.names ?? [];
      yield {
        message: `no container starts on ${group.map(({ text }) => text).join(', ')}: ${list} ${names.length > 1 ? 'are' : 'is'} refused`,
        fix: `Allow ${list}.`,
        field: 'syscalls',
        names,
      };
    }
  },
};
