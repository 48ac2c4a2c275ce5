import type { ResolvedSpec } from '../profile/base.ts';
import type { SyscallArch } from '../syscalls/table.ts';
import { syscallName, syscallNumber } from '../syscalls/table.ts';
import { type Addition, additionsOf, defaultOf } from './additions.ts';
import { type Architecture, architecture, known } from './architecture.ts';
import { type Alternative, CallRules } from './call-rules.ts';
import { compile, type Rules } from './compile.ts';
import { type Environment, isAtLeast } from './environment.ts';
import type { Quirks } from './merge.ts';
import { multiplexed, throughMultiplexer } from './multiplex.ts';
import { Refusal } from './refusal.ts';
import { TreeTrouble } from './tree.ts';

/** What runtime and libseccomp make of a profile: for each architecture of the filter the rules of each call by name. */
export interface Filter {
  readonly profile: ResolvedSpec;
  readonly environment: Environment;
  readonly byDefault: number;
  readonly rules: Rules;
  /** Architectures on which libseccomp's program finds none of the rules. */
  readonly blind: readonly string[];
}

/** Builds what a node would load. Throws `Refusal` where the runtime would not start a container. */
export function buildFilter(profile: ResolvedSpec, environment: Environment): Filter {
  const byDefault = defaultOf(profile, environment);
  const architectures = architecturesOf(profile, environment);
  const rules = new Map<string, Map<string, CallRules>>();
  for (const name of architectures.keys()) rules.set(name, new Map());
  const quirks = quirksOf(environment);
  for (const addition of additionsOf(profile, environment)) {
    for (const [name, properties] of architectures) add(addition, name, properties, rules.get(name) ?? new Map(), quirks);
  }
  const blind = refusing('', '', undefined, () => compile(rules, isSearchedByNumber(profile, environment)));
  return { profile, environment, byDefault, rules, blind };
}

/** runc has libseccomp sort calls by number where there are many (`InitSeccomp`, since 1.2). */
const isSearchedByNumber = ({ syscalls = [] }: ResolvedSpec, { runtime }: Environment): boolean =>
  runtime === 'runc' && syscalls.reduce((sum, { names }) => sum + names.length, 0) > 32;

const quirksOf = ({ libseccomp }: Environment): Quirks => ({
  writesFalseIntoTrue: libseccomp !== undefined && !isAtLeast(libseccomp, '2.6.1'),
});

/** The native architecture first; libseccomp takes others of the same byte order. */
function architecturesOf(profile: ResolvedSpec, { native }: Environment): Map<string, Architecture> {
  const found = new Map([[native as string, known(native)]]);
  for (const [at, name] of (profile.architectures ?? []).entries()) {
    const listed = architecture(name);
    if (!listed) throw new Refusal('InvalidValue', `architectures[${at}]: ${name} is no architecture`);
    if (listed.isBigEndian !== known(native).isBigEndian)
      throw new Refusal(
        'ForeignArchitecture',
        `architectures[${at}]: ${name} has another byte order than ${native}, and no filter can hold both: remove it`,
      );
    found.set(name, listed);
  }
  return found;
}

function add(
  { name, conditions, action, rule }: Addition,
  arch: string,
  { width, isMultiplexing }: Architecture,
  rules: Map<string, CallRules>,
  quirks: Quirks,
): void {
  const put = (call: string, alternative: Alternative) => {
    const existing = rules.get(call) ?? new CallRules(width);
    rules.set(call, existing);
    refusing(name, arch, rule, () => existing.add(alternative, quirks));
  };
  const through = isMultiplexing ? multiplexed(name) : undefined;
  if (through) put(through.by, { conditions: throughMultiplexer(conditions, through.number), action, rule });
  if (through || !isMultiplexing || syscallNumber(arch as SyscallArch, name) !== undefined)
    put(name, { conditions, action, rule });
}

function refusing<T>(name: string, arch: string, rule: number | undefined, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw error instanceof TreeTrouble ? refusalOf(error, name, arch, rule) : error;
  }
}

function refusalOf({ trouble }: TreeTrouble, name: string, arch: string, rule: number | undefined): Refusal {
  if (trouble === 'conflict')
    return new Refusal(
      'ConflictingRules',
      `syscalls[${rule}]: conflicts with an earlier rule for ${name} with another action (${arch}), libseccomp says EEXIST`,
      rule,
    );
  return new Refusal(
    'EndlessFilter',
    `syscalls[${rule}]: libseccomp never ends on this rule and the earlier ones for ${name} (${arch})`,
    rule,
  );
}

/** The call's name on its architecture; nothing for a number that has none. */
export const nameOf = (arch: SyscallArch, call: string | number): string | undefined =>
  typeof call === 'number' ? syscallName(arch, call) : call;
