import { stringify } from 'yaml';
import type { SeccompProfile } from '../../core/api/seccomp-profile.ts';
import { effectOf } from '../../core/audit/action.ts';
import { PROFILE_PLURAL } from '../../core/names.ts';
import { resolveBase } from '../../core/profile/base.ts';
import { allowing, type Change, type Resolve } from '../../core/violations/allow-patch.ts';
import { isRuntime } from '../../core/violations/runtime-command.ts';
import { type Suggestion, suggestionsFor } from '../../core/violations/suggest.ts';
import { list } from '../cluster.ts';
import { type Command, UsageError } from '../command.ts';
import { formatOf, printObjects, wrapped } from '../output.ts';

export const suggest: Command = {
  name: 'suggest',
  operands: 'NAME',
  least: 1,
  most: 1,
  summary: 'The smallest patch with which a profile would have let through what was seen.',
  options: {
    dangerous: { type: 'boolean', help: 'also calls that the linter warns of; without it they are comments' },
  },
  examples: ['suggest web', 'suggest web > web-patch.yaml', 'suggest web --dangerous -o json'],
  async run(given) {
    const format = formatOf(given);
    const [name = ''] = given.operands;
    const all = new Map((await list<SeccompProfile>(PROFILE_PLURAL)).map(each => [each.metadata.name, each]));
    const profile = all.get(name);
    if (!profile) throw new UsageError(`there is no SeccompProfile "${name}"; see kubectl seccomp status`);
    const resolve: Resolve = spec => resolveBase(name, spec, base => all.get(base)?.spec);
    const suggestions = suggestionsFor(profile.spec, profile.status?.violations?.calls ?? [], resolve);
    const taken = suggestions.filter(({ isDangerous }) => given.options['dangerous'] || !isDangerous);
    const changes = changesFor(profile, taken, resolve);
    const left = changesFor(
      profile,
      suggestions.filter(each => !taken.includes(each)),
      resolve,
    );
    if (format !== 'table') return { text: printObjects(changes.map(operationOf), format), code: 0 };
    return { text: patchText(profile, suggestions, changes, left), code: 0 };
  },
};

const changesFor = ({ spec }: SeccompProfile, suggestions: readonly Suggestion[], resolve: Resolve) =>
  allowing(
    spec,
    suggestions.map(({ violation }) => violation),
    resolve,
  );

const operationOf = ({ calls: _, ...operation }: Change) => operation;

function patchText(
  { metadata: { name, generation }, status }: SeccompProfile,
  suggestions: readonly Suggestion[],
  changes: readonly Change[],
  left: readonly Change[],
): string {
  const about = `# SeccompProfile ${name}, generation ${generation}`;
  if (suggestions.length === 0) return `${about}: no violations were seen, so there is nothing to suggest.\n`;
  const others = status?.violations?.otherCalls ?? 0;
  const lines = [
    `${about}: what would have let through what was seen. Read it, then:`,
    `#   kubectl patch seccompprofile ${name} --type=json --patch-file=FILE`,
    ...(others ? [`# ${others} more kinds of calls are not listed: look again after this.`] : []),
    ...suggestions.filter(({ isAllowed }) => isAllowed).map(each => `# ${each.violation.syscall}: let through already`),
    ...changes.flatMap(change => changeLines(change, suggestions)),
    ...(left.length ? ['# Not without a reason (--dangerous takes them in):'] : []),
    ...left.flatMap(change => changeLines(change, suggestions)).map(line => (line.startsWith('#') ? line : `#${line}`)),
    ...(changes.length ? [] : ['[]']),
  ];
  return `${lines.join('\n')}\n`;
}

function changeLines(change: Change, suggestions: readonly Suggestion[]): string[] {
  const about = suggestions.filter(({ violation }) => change.calls.includes(violation.syscall));
  return [
    ...about.flatMap(evidence),
    ...stringify([operationOf(change)])
      .trimEnd()
      .split('\n'),
  ];
}

/** Why, and what speaks against it. */
function evidence({ violation, risks, isDangerous, notes }: Suggestion): string[] {
  const { syscall, count, lastTime, command = '', pods, nodes } = violation;
  const where = pods[0] ? ` in ${pods[0]}` : '';
  const on = nodes[0] ? ` on ${nodes[0]}` : '';
  const runtime = isRuntime(command) ? ', the runtime, as it starts the container' : '';
  const seen = `${syscall}: ${times(count)}, last ${lastTime} by ${command || 'an unknown program'}${runtime}${where}${on}: ${effectOf(violation)}`;
  const grade = isDangerous ? 'DANGEROUS' : 'risk';
  return [
    ...comment(seen, '# '),
    ...(risks.length ? risks : ['none that the linter knows']).flatMap(risk => comment(`${grade}: ${risk}`, '#   ')),
    ...notes.flatMap(note => comment(`note: ${note}`, '#   ')),
  ];
}

const comment = (text: string, indent: string) => wrapped(text, indent).trimEnd().split('\n');

const times = (count: number) => (count === 1 ? 'once' : `${count} times`);
