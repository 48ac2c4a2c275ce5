import type { SeccompProfileSpec, Syscall } from '../api/seccomp-profile.ts';
import { ProfileView, passes } from '../lint/view.ts';
import { COMPATIBLE_ARCHITECTURES } from '../profile/architectures.ts';
import type { ResolvedSpec } from '../profile/base.ts';

/** A call that a profile is to let through. */
export interface Wanted {
  readonly syscall: string;
  readonly architecture: string;
}

/** An operation of RFC 6902, and the calls for which it is. */
export type Change = Operation & { readonly calls: readonly string[] };

export type Operation =
  | { readonly op: 'add'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** Merges the bases of the profile into what it says itself. */
export type Resolve = (spec: SeccompProfileSpec) => ResolvedSpec;

/** Names a rule may have at most: crds/seccompprofiles.yaml. */
const MAX_NAMES = 1_024;

/** Always in the filter of a node whose own they are. */
const OWN = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64', 'SCMP_ARCH_S390X', 'SCMP_ARCH_PPC64', 'SCMP_ARCH_MIPS64'];

/**
 * The smallest change that lets the calls through: a name more in a rule that allows, a name less in those that refuse.
 * What adds stands before what removes, and that goes from the back, so that no place moves before its turn.
 */
export function allowing(spec: SeccompProfileSpec, calls: readonly Wanted[], resolve: Resolve): Change[] {
  const names = [...new Set(calls.map(({ syscall }) => syscall))];
  const isAllowed = (name: string, of: SeccompProfileSpec) => new ProfileView(resolve(of)).allows(name);
  const refused = names.filter(name => !isAllowed(name, spec));
  const removing = removals(spec, refused);
  const without = applied(spec, removing);
  const lacking = refused.filter(name => !isAllowed(name, without));
  return [...architectures(spec, calls), ...permissions(spec, lacking), ...removing];
}

/** The spec after these. */
export function applied(spec: SeccompProfileSpec, operations: readonly Operation[]): SeccompProfileSpec {
  const object = structuredClone({ spec });
  for (const operation of operations) {
    const keys = operation.path.split('/').slice(1);
    const last = keys.pop() as string;
    const parent = keys.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], object);
    if (operation.op === 'remove') (parent as unknown[]).splice(Number(last), 1);
    else if (last === '-') (parent as unknown[]).push(structuredClone(operation.value));
    else (parent as Record<string, unknown>)[last] = structuredClone(operation.value);
  }
  return object.spec;
}

/** Calls of programs of another architecture than the node's are refused whatever they are, unless it is listed. */
function architectures({ architectures: listed }: SeccompProfileSpec, calls: readonly Wanted[]): Change[] {
  const missing = new Map<string, string[]>();
  for (const { syscall, architecture } of calls) {
    if (OWN.includes(architecture) || !COMPATIBLE_ARCHITECTURES.includes(architecture)) continue;
    if (listed?.some(each => each === architecture)) continue;
    missing.set(architecture, [...(missing.get(architecture) ?? []), syscall]);
  }
  const all = [...missing.values()].flat();
  if (!listed && missing.size)
    return [{ op: 'add', path: '/spec/architectures', value: [...missing.keys()], calls: all }];
  return [...missing].map(([value, names]) => ({ op: 'add', path: '/spec/architectures/-', value, calls: names }));
}

function permissions({ syscalls }: SeccompProfileSpec, names: readonly string[]): Change[] {
  if (names.length === 0) return [];
  const rule: Syscall = { names: [...names], action: 'SCMP_ACT_ALLOW' };
  if (!syscalls) return [{ op: 'add', path: '/spec/syscalls', value: [rule], calls: names }];
  const at = syscalls.findIndex(
    ({ action, args, names: own }) =>
      action === 'SCMP_ACT_ALLOW' && !args?.length && own.length + names.length <= MAX_NAMES,
  );
  if (at < 0) return [{ op: 'add', path: '/spec/syscalls/-', value: rule, calls: names }];
  return names.map(name => ({ op: 'add', path: `/spec/syscalls/${at}/names/-`, value: name, calls: [name] }));
}

function removals({ syscalls = [] }: SeccompProfileSpec, names: readonly string[]): Change[] {
  return [...syscalls.entries()].reverse().flatMap(([at, rule]): Change[] => {
    const gone = rule.names.filter(name => names.includes(name));
    if (passes(rule) || gone.length === 0) return [];
    const path = `/spec/syscalls/${at}`;
    if (gone.length === rule.names.length) return [{ op: 'remove', path, calls: gone }];
    return gone
      .toReversed()
      .map(name => ({ op: 'remove', path: `${path}/names/${rule.names.indexOf(name)}`, calls: [name] }));
  });
}
