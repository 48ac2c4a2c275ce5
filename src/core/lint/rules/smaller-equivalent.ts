import type { Rule } from '../finding.ts';
import { conditionsKey, outcomeText, type RuleView } from '../view.ts';

export const smallerEquivalent: Rule = {
  id: 'smaller-equivalent',
  severity: 'info',
  summary: 'rules that could be one: the same action under the same conditions',
  *check({ rules }) {
    const groups = Map.groupBy(
      rules,
      ({ outcome, conditions }) => `${outcomeText(outcome)} ${conditionsKey(conditions)}`,
    );
    for (const group of groups.values()) {
      const [first, ...others] = group;
      if (!first || others.length === 0) continue;
      yield {
        message: `${group.map(({ at }) => `syscalls[${at}]`).join(', ')} have the same action and conditions: one rule with all names does the same`,
        fix: `Move the names into syscalls[${first.at}].`,
        syscall: (others[0] as RuleView).at,
      };
    }
  },
};
