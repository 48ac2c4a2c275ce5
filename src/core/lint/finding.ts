import type { LintTarget } from './target.ts';
import type { ProfileView } from './view.ts';

/**
 * error: no container starts with it somewhere, or a part of it cannot be loaded. warning: it does something else than it
 * says, or gives away more than it seems to. info: good to know, or could be shorter.
 */
export type Severity = 'error' | 'warning' | 'info';

export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];

/** What a finding is about. */
export interface Place {
  /** Path in the SeccompProfile, such as `spec.syscalls[2].args[0]`. */
  readonly field: string;
  /** Index of the rule in `syscalls`. */
  readonly syscall?: number;
  /** The calls in question. */
  readonly names?: readonly string[];
}

export interface Finding {
  /** The rule's id, in kebab-case. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
  readonly where: Place;
  /** The rule's page. */
  readonly docs: string;
}

/** What a rule says: the finding, without what all findings of the rule share. */
export interface Report {
  readonly message: string;
  readonly fix: string;
  /** Below `spec`: `syscalls` and its indices come from the two that follow. */
  readonly field?: string;
  readonly syscall?: number;
  readonly arg?: number;
  readonly names?: readonly string[];
  /** Where this one weighs more or less than the rule's others. */
  readonly severity?: Severity;
}

/** One rule of the linter, pure. */
export interface Rule {
  readonly id: string;
  readonly severity: Severity;
  /** What it finds, in a phrase: for the list of rules. */
  readonly summary: string;
  check(profile: ProfileView, target: LintTarget): Iterable<Report>;
}
