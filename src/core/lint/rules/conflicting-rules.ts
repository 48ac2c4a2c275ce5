import { nameList } from '../../status/name-list.ts';
import type { Rule } from '../finding.ts';
import { alternatives, conditionsKey, isSame, outcomeText, type ProfileView, type RuleView } from '../view.ts';

/**
 * libseccomp refuses a second action for the same call under the same conditions (src/db.c, EEXIST), and of two
 * unconditional rules runtimes' libseccomp keeps the first without a word.
 */
export const conflictingRules: Rule = {
  id: 'conflicting-rules',
  severity: 'error',
  summary: 'two actions for one call under the same conditions: no container starts, or the second is ignored',
  *check(profile) {
    const reported = new Set<string>();
    for (const name of profile.namesInSeveral()) {
      for (const [first, second] of conflictsOf(profile, name)) {
        const pair = `${first.at} ${second.at}`;
        if (reported.has(pair)) continue;
        reported.add(pair);
        const names = first.names.filter(each => second.names.includes(each));
        const unconditional = first.conditions.length === 0;
        const says = `syscalls[${first.at}] says ${outcomeText(first.outcome)} and syscalls[${second.at}] ${outcomeText(second.outcome)}`;
        yield {
          message: unconditional
            ? `for ${nameList(names, 20)} ${says}: the first holds, and the second is ignored without a word`
            : `for ${nameList(names, 20)} ${says}, under the same conditions: no container starts ("file exists")`,
          fix: 'Remove one of the two, or give them different conditions.',
          severity: unconditional ? 'warning' : 'error',
          syscall: second.at,
          names,
        };
      }
    }
  },
};

/** Whether no container starts for such a conflict. */
export function hasConflict(profile: ProfileView): boolean {
  return [...profile.namesInSeveral()].some(name =>
    [...conflictsOf(profile, name)].some(([first]) => first.conditions.length > 0),
  );
}

/** In the order in which a runtime adds them: once an unconditional rule is in, conditional ones are not looked at. */
function* conflictsOf(profile: ProfileView, name: string): Iterable<[RuleView, RuleView]> {
  const effective = profile.rulesFor(name).filter(({ outcome }) => !isSame(outcome, profile.default));
  const added = new Map<string, RuleView>();
  for (const rule of effective) {
    const holds = added.get(UNCONDITIONAL);
    if (holds && rule.conditions.length) continue;
    for (const key of keysOf(rule)) {
      const before = added.get(key);
      if (before && !isSame(before.outcome, rule.outcome)) yield [before, rule];
      else if (!before) added.set(key, rule);
    }
  }
}

const UNCONDITIONAL = conditionsKey([]);

const keysOf = ({ conditions, key }: RuleView): readonly string[] => {
  const all = alternatives(conditions);
  return all.length === 1 ? [key] : all.map(conditionsKey);
};
