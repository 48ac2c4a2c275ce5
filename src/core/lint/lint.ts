import type { ResolvedSpec } from '../profile/base.ts';
import { docsOf } from './docs.ts';
import { type Finding, type Report, type Rule, SEVERITIES } from './finding.ts';
import { RULES } from './rules.ts';
import { type LintTarget, withVersions } from './target.ts';
import { ProfileView } from './view.ts';

/** What is wrong or worth knowing about a profile, errors first. Throws `ProfileError` for a value beyond 64 bits. */
export function lint(profile: ResolvedSpec, target: LintTarget): Finding[] {
  const view = new ProfileView(profile);
  const everywhere = withVersions(target);
  const findings = RULES.flatMap(rule => first(rule.check(view, everywhere)).map(report => findingOf(rule, report)));
  return findings.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

/** Of one rule; who made one mistake that often need not read of each. */
const MOST = 100;

function first(reports: Iterable<Report>): Report[] {
  const kept = Iterator.from(reports)
    .take(MOST + 1)
    .toArray();
  if (kept.length <= MOST) return kept;
  return [
    ...kept.slice(0, MOST),
    { message: `more of this kind than these ${MOST}`, fix: 'Correct these first.', field: 'syscalls' },
  ];
}

function findingOf({ id, severity }: Rule, report: Report): Finding {
  const { message, fix, syscall, names } = report;
  return {
    rule: id,
    severity: report.severity ?? severity,
    message,
    fix,
    where: {
      field: fieldOf(report),
      ...(syscall === undefined ? {} : { syscall }),
      ...(names?.length ? { names } : {}),
    },
    docs: docsOf(id),
  };
}

function fieldOf({ field, syscall, arg }: Report): string {
  if (syscall === undefined) return field ? `spec.${field}` : 'spec';
  const rule = `spec.syscalls[${syscall}]`;
  return arg === undefined ? (field ? `${rule}.${field}` : rule) : `${rule}.args[${arg}]`;
}
