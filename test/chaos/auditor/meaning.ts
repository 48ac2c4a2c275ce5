import type { Rule, Spec } from '../system/specs.ts';

/** What a profile or a rendered file says, in one form: the same text for the same meaning. */
export function meaningOf({ defaultAction, defaultErrnoRet, syscalls = [] }: Partial<Spec>): string {
  const rules = syscalls.flatMap(rule => (rule.names ?? []).map(name => `${name} ${effectOf(rule)}`));
  return [`${defaultAction} ${defaultErrnoRet ?? ''}`, ...[...new Set(rules)].sort()].join('\n');
}

function effectOf({ action, errnoRet, args = [] }: Rule): string {
  const conditions = args.map(({ index, value, valueTwo = 0, op }) => `${index} ${op} ${value} ${valueTwo}`);
  return [action, errnoRet ?? '', ...conditions.sort()].join(' | ');
}

/** What comes of a profile and its base that have no call in common. */
export function together(profile: Spec, base: Spec | undefined): Spec {
  return base ? { ...profile, syscalls: [...profile.syscalls, ...base.syscalls] } : profile;
}
