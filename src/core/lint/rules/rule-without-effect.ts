import type { Report, Rule } from '../finding.ts';
import { conditionsKey, isSame, outcomeText, type ProfileView, type RuleView } from '../view.ts';

/** What runtimes skip: see ProfileView. */
export const ruleWithoutEffect: Rule = {
  id: 'rule-without-effect',
  severity: 'warning',
  summary: 'a rule that changes nothing: it is swallowed by another one, repeated, or says what the default says',
  *check(profile) {
    for (const rule of profile.rules) {
      if (isSame(rule.outcome, profile.default)) yield likeTheDefault(profile, rule);
      else yield* swallowed(profile, rule);
    }
  },
};

function likeTheDefault(profile: ProfileView, { at, names, outcome }: RuleView): Report {
  const spared = names.filter(name => profile.rulesFor(name).length > 1);
  return {
    message: spared.length
      ? `${outcomeText(outcome)} is what defaultAction says, so runtimes drop this rule, and other rules for ${spared.join(', ')} hold in spite of it`
      : `${outcomeText(outcome)} is what defaultAction says, so runtimes drop this rule`,
    fix: 'Remove it.',
    severity: spared.length ? 'warning' : 'info',
    syscall: at,
    names,
  };
}

function* swallowed(profile: ProfileView, rule: RuleView): Iterable<Report> {
  const byDecider = new Map<RuleView, string[]>();
  for (const name of rule.names) {
    const decider = deciderOf(profile, name, rule);
    if (decider) byDecider.set(decider, [...(byDecider.get(decider) ?? []), name]);
  }
  for (const [decider, names] of byDecider) {
    const isRepeated = isSame(decider.outcome, rule.outcome);
    // Two unconditional actions are a conflict, which another rule names.
    if (!isRepeated && rule.conditions.length === 0) continue;
    yield {
      message: isRepeated
        ? `syscalls[${decider.at}] says the same for ${names.join(', ')}${decider.conditions.length ? '' : ', whatever the arguments'}`
        : `syscalls[${decider.at}] says ${outcomeText(decider.outcome)} for ${names.join(', ')} whatever the arguments, so the conditions here never count`,
      fix: isRepeated
        ? `Remove ${names.length === rule.names.length ? 'this rule' : 'these names'}.`
        : `Remove ${names.join(', ')} from syscalls[${decider.at}] if the conditions are to count, or remove this rule.`,
      severity: isRepeated ? 'info' : 'warning',
      syscall: rule.at,
      names,
    };
  }
}

/** The rule that holds instead of this one: an unconditional one, or an earlier one that says the same. */
function deciderOf(profile: ProfileView, name: string, rule: RuleView): RuleView | undefined {
  const { rule: unconditional } = profile.verdict(name);
  if (unconditional && unconditional !== rule) return unconditional;
  const key = conditionsKey(rule.conditions);
  return profile
    .rulesFor(name)
    .find(each => each.at < rule.at && conditionsKey(each.conditions) === key && isSame(each.outcome, rule.outcome));
}
