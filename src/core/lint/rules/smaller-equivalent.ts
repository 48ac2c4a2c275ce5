import { nameList } from '../../status/name-list.ts';
import type { Rule } from '../finding.ts';
import { outcomeText, type RuleView } from '../view.ts';

export const smallerEquivalent: Rule = {
  id: 'smaller-equivalent',
  severity: 'info',
  summary: 'rules that could be one: the same action under the same conditions',
  *check({ rules }) {
    const groups = Map.groupBy(rules, ({ outcome, key }) => `${outcomeText(outcome)} ${key}`);
    for (const group of groups.values()) {
      const [first, ...others] = group;
      if (!first || others.length === 0) continue;
      yield {
        message: `${nameList(
          group.map(({ at }) => `syscalls[${at}]`),
          20,
        )} have the same action and conditions: one rule with all names does the same`,
        fix: `Move the names into syscalls[${first.at}].`,
        syscall: (others[0] as RuleView).at,
      };
    }
  },
};
