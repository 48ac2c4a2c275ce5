import { nameList } from '../../status/name-list.ts';
import type { Report, Rule } from '../finding.ts';
import { isSame, outcomeText, type ProfileView, type RuleView } from '../view.ts';

/** What runtimes skip: see ProfileView. */
export const ruleWithoutEffect: Rule = {
  id: 'rule-without-effect',
  severity: 'warning',
  summary: 'a rule that changes nothing: it is swallowed by another one, repeated, or says what the default says',
  *check(profile) {
    const deciders = decidersOf(profile);
    for (const rule of profile.rules) {
      if (isSame(rule.outcome, profile.default)) yield likeTheDefault(profile, rule);
      for (const [decider, names] of deciders.get(rule) ?? []) yield* swallowed(rule, decider, names);
    }
  },
};

function likeTheDefault(profile: ProfileView, { at, names, outcome }: RuleView): Report {
  const spared = names.filter(name => profile.rulesFor(name).length > 1);
  return {
    message: spared.length
      ? `${outcomeText(outcome)} is what defaultAction says, so runtimes drop this rule, and other rules for ${nameList(spared, 20)} hold in spite of it`
      : `${outcomeText(outcome)} is what defaultAction says, so runtimes drop this rule`,
    fix: 'Remove it.',
    severity: spared.length ? 'warning' : 'info',
    syscall: at,
    names,
  };
}

function* swallowed(rule: RuleView, decider: RuleView, names: readonly string[]): Iterable<Report> {
  const isRepeated = isSame(decider.outcome, rule.outcome);
  // Two unconditional actions are a conflict, which another rule names.
  if (!isRepeated && rule.conditions.length === 0) return;
  const list = nameList(names, 20);
  yield {
    message: isRepeated
      ? `syscalls[${decider.at}] says the same for ${list}${decider.conditions.length ? '' : ', whatever the arguments'}`
      : `syscalls[${decider.at}] says ${outcomeText(decider.outcome)} for ${list} whatever the arguments, so the conditions here never count`,
    fix: isRepeated
      ? `Remove ${names.length === rule.names.length ? 'this rule' : 'these names'}.`
      : `Remove ${list} from syscalls[${decider.at}] if the conditions are to count, or remove this rule.`,
    severity: isRepeated ? 'info' : 'warning',
    syscall: rule.at,
    names,
  };
}

/** For a rule, the others that hold instead of it, and for which calls. */
function decidersOf(profile: ProfileView): Map<RuleView, Map<RuleView, string[]>> {
  const found = new Map<RuleView, Map<RuleView, string[]>>();
  for (const name of profile.namesInSeveral()) {
    for (const [rule, decider] of decidersFor(profile, name)) {
      const byDecider = found.get(rule) ?? new Map<RuleView, string[]>();
      found.set(rule, byDecider);
      byDecider.set(decider, [...(byDecider.get(decider) ?? []), name]);
    }
  }
  return found;
}

/** What holds instead of a rule: an unconditional one, or an earlier one that says the same. */
function* decidersFor(profile: ProfileView, name: string): Iterable<[RuleView, RuleView]> {
  const { rule: unconditional } = profile.verdict(name);
  const first = new Map<string, RuleView>();
  for (const rule of profile.rulesFor(name)) {
    if (isSame(rule.outcome, profile.default)) continue;
    const before = first.get(rule.key);
    if (unconditional && unconditional !== rule) yield [rule, unconditional];
    else if (before && isSame(before.outcome, rule.outcome)) yield [rule, before];
    else first.set(rule.key, rule);
  }
}
