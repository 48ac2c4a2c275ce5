import type { SeccompProfileSpec } from '../api/seccomp-profile.ts';
import { lint } from '../lint/lint.ts';
import { DEFAULT_TARGET } from '../lint/target.ts';
import type { ResolvedSpec } from '../profile/base.ts';
import { allowing, applied, type Resolve } from './allow-patch.ts';
import type { ProfileViolation } from './ledger.ts';

/** What speaks against letting a call through. */
export interface Suggestion {
  readonly violation: ProfileViolation;
  /** The profile as it is now lets it through already. */
  readonly isAllowed: boolean;
  /** What is given away, in words; empty where nothing is known. */
  readonly risks: readonly string[];
  /** The linter calls it dangerous. */
  readonly isDangerous: boolean;
  /** What else the linter would then say of the profile. */
  readonly notes: readonly string[];
}

/** Rules of the linter that tell what a profile gives away; others tell what does not work. */
const ABOUT_RISKS = new Set(['dangerous-allow', 'clone-flags']);

/** Each call by itself: what the linter says of the profile with it that it did not say before. */
export function suggestionsFor(
  spec: SeccompProfileSpec,
  violations: readonly ProfileViolation[],
  resolve: Resolve,
): Suggestion[] {
  const known = new Set(lint(resolve(spec), DEFAULT_TARGET).map(keyOf));
  return violations.map(violation => {
    const changes = allowing(spec, [violation], resolve);
    const findings = changes.length ? added(resolve(applied(spec, changes)), known) : [];
    const risks = findings.filter(({ rule }) => ABOUT_RISKS.has(rule));
    const notes = findings.filter(each => !risks.includes(each));
    return {
      violation,
      isAllowed: changes.length === 0,
      risks: [...blindly(violation), ...risks.map(textOf)],
      isDangerous: risks.some(({ severity }) => severity !== 'info'),
      notes: notes.map(textOf),
    };
  });
}

const added = (profile: ResolvedSpec, known: ReadonlySet<string>) =>
  lint(profile, DEFAULT_TARGET).filter(finding => !known.has(keyOf(finding)));

const textOf = ({ rule, message }: { readonly rule: string; readonly message: string }): string =>
  `${message} (${rule})`;

/** The same finding in another version of the profile, wherever its rule has moved to. */
const keyOf = ({ rule, message }: { readonly rule: string; readonly message: string }): string => `${rule} ${message}`;

const blindly = ({ arguments: looks }: ProfileViolation): string[] =>
  looks === 'Conditional'
    ? ['whatever its arguments: the kernel does not record them; write a rule with conditions where you know them']
    : [];
