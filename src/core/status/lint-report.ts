import type { LintWarning, SeccompProfileStatus } from '../api/seccomp-profile.ts';
import type { Finding, Severity } from '../lint/finding.ts';
import { findCondition, type StatedCondition } from './conditions.ts';
import { cut, nameList } from './name-list.ts';

/** What a profile's status says of the linter's findings. */
export interface LintReport {
  readonly warnings: readonly LintWarning[];
  readonly condition: StatedCondition;
}

const MOST = 10;

export function lintReport(findings: readonly Finding[]): LintReport {
  const grave = findings.filter(({ severity }) => severity !== 'info');
  return {
    warnings: grave.slice(0, MOST).map(({ rule, severity, where, message, fix }) => ({
      rule,
      severity: severity === 'error' ? 'Error' : 'Warning',
      field: cut(where.field, 64),
      message: cut(`${message}. ${fix}`, 512),
    })),
    condition: conditionOf(grave),
  };
}

function conditionOf(findings: readonly Finding[]): StatedCondition {
  const isFree = !findings.some(({ severity }) => severity === 'error');
  const counts = [countOf(findings, 'error'), countOf(findings, 'warning')].filter(Boolean).join(', ');
  const rules = [...new Set(findings.map(({ rule }) => rule))];
  return {
    type: 'Linted',
    status: isFree ? 'True' : 'False',
    reason: isFree ? (findings.length ? 'WarningsFound' : 'NothingFound') : 'ErrorsFound',
    message: findings.length ? `${counts}: ${nameList(rules, 10)}; see status.warnings` : 'no errors and no warnings',
  };
}

function countOf(findings: readonly Finding[], severity: Severity): string {
  const count = findings.filter(each => each.severity === severity).length;
  return count ? `${count} ${severity}${count > 1 ? 's' : ''}` : '';
}

/** What the status says already of this generation: it stands until the linter has looked again. */
export function reportBefore(status: SeccompProfileStatus | undefined, generation: number): LintReport | undefined {
  const condition = findCondition(status?.conditions, 'Linted');
  if (condition?.observedGeneration !== generation) return undefined;
  const { type, status: value, reason, message } = condition;
  return { warnings: status?.warnings ?? [], condition: { type, status: value, reason, message } };
}
