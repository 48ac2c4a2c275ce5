import { architecturesFor } from '../../profile/architectures.ts';
import type { ResolvedSpec } from '../../profile/base.ts';
import { NATIVE_ARCHITECTURES } from '../../simulate/environment.ts';
import { buildFilter, type Filter } from '../../simulate/filter.ts';
import { Refusal } from '../../simulate/refusal.ts';
import { type SyscallArch, syscallNumber } from '../../syscalls/table.ts';
import { isAtLeast } from '../../versions.ts';
import type { Report, Rule } from '../finding.ts';
import { type LintTarget, type Runtime, runtimeText } from '../target.ts';
import type { ProfileView } from '../view.ts';
import { hasConflict } from './conflicting-rules.ts';

/** Beyond this many conditional rules for a call, or altogether, following libseccomp takes too long to do it unasked. */
const MOST_FOR_A_CALL = 24;
const MOST = 400;

/** A start that takes longer is noticed. */
const SLOW_SECONDS = 2;

/** What becomes of the profile in libseccomp, which builds a tree of comparisons for each call: docs/simulate.md. */
export const libseccompFilter: Rule = {
  id: 'libseccomp-filter',
  severity: 'error',
  summary: 'rules that libseccomp cannot hold together, takes minutes for, or loses',
  *check(profile, target) {
    const guarded = guardedCalls(profile);
    if (guarded.size === 0) return;
    if (isTooMuch(profile, guarded)) {
      yield {
        message: 'too many rules with conditions to say here what libseccomp makes of them',
        fix: 'Start a container with it on one node before it goes to others.',
        severity: 'info',
        field: 'syscalls',
      };
      return;
    }
    const reports = new Map<string, Report>();
    for (const architecture of architecturesOf(target)) {
      const spec = essence(profile, guarded, architecture);
      for (const runtime of target.runtimes) {
        for (const report of build(profile, spec, architecture, runtime, target)) {
          if (!reports.has(report.message)) reports.set(report.message, report);
        }
      }
    }
    yield* reports.values();
  },
};

/** Calls that some rule names under conditions: others are one comparison with their number. */
const guardedCalls = ({ rules }: ProfileView): Set<string> =>
  new Set(rules.filter(({ conditions }) => conditions.length).flatMap(({ names }) => names));

function isTooMuch(profile: ProfileView, guarded: ReadonlySet<string>): boolean {
  const counts = [...guarded].map(name => profile.rulesFor(name).length);
  return counts.some(count => count > MOST_FOR_A_CALL) || counts.reduce((sum, count) => sum + count, 0) > MOST;
}

/** A node's architecture, as Go names it. */
const architecturesOf = ({ architectures }: LintTarget): string[] =>
  Object.keys(NATIVE_ARCHITECTURES).filter(each => architectures.includes(nativeOf(each)));

const nativeOf = (architecture: string) => NATIVE_ARCHITECTURES[architecture] as SyscallArch;

/** What is built, for each kind of node: calls under conditions, and of the others one that each architecture has. */
function essence({ spec, rules }: ProfileView, guarded: ReadonlySet<string>, architecture: string): ResolvedSpec {
  const listed = architecturesFor(architecture, spec.architectures ?? []) as SyscallArch[];
  const plain = rules.filter(({ conditions }) => conditions.length === 0).flatMap(({ names }) => names);
  const kept = new Set(guarded);
  for (const arch of [nativeOf(architecture), ...listed]) {
    const one = plain.find(name => syscallNumber(arch, name) !== undefined) ?? plain[0];
    if (one) kept.add(one);
  }
  const syscalls = (spec.syscalls ?? []).map(rule => ({ ...rule, names: rule.names.filter(name => kept.has(name)) }));
  return { ...spec, architectures: listed, syscalls };
}

function* build(
  profile: ProfileView,
  spec: ResolvedSpec,
  architecture: string,
  runtime: Runtime,
  { libseccomp }: LintTarget,
): Iterable<Report> {
  try {
    const filter = buildFilter(spec, { native: nativeOf(architecture), runtime, libseccomp });
    yield* slow(filter);
    if (!searchesByNumber(profile, runtime)) yield* blind(profile, filter, runtime);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const report = refused(profile, error);
    if (report) yield report;
  }
}

/** Other rules speak of values, and of the plainer conflicts. */
function refused(profile: ProfileView, { code, message, rule }: Refusal): Report | undefined {
  if (code === 'ConflictingRules' && hasConflict(profile)) return undefined;
  if (!['ConflictingRules', 'EndlessFilter', 'TooLarge'].includes(code)) return undefined;
  const [, what = message, fix = ''] = /^(?:syscalls(?:\[\d+\])?: )?(.*): (.*)$/.exec(message) ?? [];
  return {
    message: `no container starts: ${what}`,
    fix: `${fix.charAt(0).toUpperCase()}${fix.slice(1)}.`,
    ...(rule === undefined ? { field: 'syscalls' } : { syscall: rule, names: profile.rules[rule]?.names ?? [] }),
  };
}

function* slow({ seconds }: Filter): Iterable<Report> {
  if (seconds < SLOW_SECONDS) return;
  yield {
    message: `libseccomp takes about ${Math.round(seconds)} seconds for these conditions, each time a container starts`,
    fix: 'Use fewer conditions with LT, LE, GT, GE or NE on several arguments of one call.',
    severity: 'warning',
    field: 'syscalls',
  };
}

function* blind(profile: ProfileView, filter: Filter, runtime: Runtime): Iterable<Report> {
  for (const architecture of filter.blind) {
    yield {
      message: `on ${architecture} with ${runtimeText(runtime)} libseccomp loses all rules, and every call gets ${profile.default.action}: the first call in its order does not exist there`,
      fix: 'Add a rule without conditions for a call that does, with another action than the default.',
      severity: profile.isAllowList ? 'error' : 'warning',
      field: 'syscalls',
    };
  }
}

/** Then the program begins in another way (runc since 1.2, `InitSeccomp`: binary tree from 32 calls on). */
const searchesByNumber = ({ spec }: ProfileView, { name, version }: Runtime): boolean =>
  name === 'runc' &&
  (version === undefined || isAtLeast(version, '1.2')) &&
  (spec.syscalls ?? []).reduce((sum, { names }) => sum + names.length, 0) > 32;
