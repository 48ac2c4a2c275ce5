import type { Arg, SeccompProfileSpec, Syscall } from '../api/seccomp-profile.ts';
import { isLessRestrictive } from './actions.ts';
import { ProfileError } from './errors.ts';
import type { Mode } from './mode.ts';
import { parseUint64 } from './uint64.ts';

type Lookup = (profile: string) => SeccompProfileSpec | undefined;

/** A spec whose base profiles are merged into its `syscalls`: what is rendered, in its mode. */
export type ResolvedSpec = Omit<SeccompProfileSpec, 'baseProfileName' | 'mode'> & { readonly mode?: Mode };

/** As many profiles may stand above one another; more is taken for a mistake. */
export const MAX_DEPTH = 15;

/**
 * Merges the rules of the base profile, of its base, and so on into the profile: the union of all, where the less
 * restrictive action wins if two rules speak of the same call under the same conditions. Everything else (default action,
 * architectures, flags, mode) is the profile's own. Throws {@link ProfileError} for a base that is missing, a cycle, or a chain
 * that is too deep.
 */
export function resolveBase(name: string, spec: SeccompProfileSpec, lookup: Lookup): ResolvedSpec {
  const { baseProfileName, ...own } = spec;
  if (!baseProfileName) return own;
  const bases = chainOf(name, baseProfileName, lookup);
  return { ...own, syscalls: union([own.syscalls ?? [], ...bases.map(base => base.syscalls ?? [])]) };
}

/** The names whose profiles decide what this one renders to, also those that are missing: when one appears, it heals. */
export function dependencies(spec: SeccompProfileSpec, lookup: Lookup): string[] {
  const names: string[] = [];
  let next = spec.baseProfileName;
  while (next && !names.includes(next) && names.length <= MAX_DEPTH) {
    names.push(next);
    next = lookup(next)?.baseProfileName;
  }
  return names;
}

function chainOf(name: string, first: string, lookup: Lookup): SeccompProfileSpec[] {
  const path = [name];
  const bases: SeccompProfileSpec[] = [];
  let next: string | undefined = first;
  while (next) {
    const shown = [...path, next].join(' -> ');
    if (path.includes(next)) {
      throw new ProfileError(
        'BaseCycle',
        `spec.baseProfileName: the chain ${shown} never ends: remove one of its links.`,
      );
    }
    if (bases.length === MAX_DEPTH) {
      throw new ProfileError(
        'BaseTooDeep',
        `spec.baseProfileName: the chain ${shown} has more than ${MAX_DEPTH} bases: merge some of them.`,
      );
    }
    const base = lookup(next);
    if (!base) {
      throw new ProfileError(
        'BaseNotFound',
        `spec.baseProfileName: there is no SeccompProfile "${next}" (chain ${shown}): create it or correct the name.`,
      );
    }
    path.push(next);
    bases.push(base);
    next = base.baseProfileName;
  }
  return bases;
}

/** Keeps the rules in their order, each with those names for which it won. */
function union(layers: readonly (readonly Syscall[])[]): Syscall[] {
  const winners = new Map<string, Syscall>();
  for (const layer of layers) {
    for (const [key, rule] of firstByKey(layer)) {
      const holder = winners.get(key);
      if (!holder || isLessRestrictive(rule.action, holder.action)) winners.set(key, rule);
    }
  }
  return layers.flat().flatMap(rule => {
    const keys = keysOf(rule);
    const names = rule.names.filter((_, at) => winners.get(keys[at] as string) === rule);
    return names.length ? [{ ...rule, names }] : [];
  });
}

/** Within one profile the first rule for a call holds, as in the runtimes: a base does not change what it says by itself. */
function firstByKey(rules: readonly Syscall[]): Map<string, Syscall> {
  const first = new Map<string, Syscall>();
  for (const rule of rules) {
    for (const key of keysOf(rule)) {
      if (!first.has(key)) first.set(key, rule);
    }
  }
  return first;
}

/** One key for each name: the call and its conditions, whatever their order. */
function keysOf(rule: Syscall): string[] {
  const conditions = (rule.args ?? []).map(conditionKey).sort().join('&');
  return rule.names.map(name => `${name} ${conditions}`);
}

function conditionKey({ index, op, value, valueTwo }: Arg): string {
  const masked = op === 'SCMP_CMP_MASKED_EQ' ? `/${parseUint64(valueTwo ?? 0, 'valueTwo')}` : '';
  return `${index}${op}${parseUint64(value ?? 0, 'value')}${masked}`;
}
