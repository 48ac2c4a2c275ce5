import type { ForeignObject } from './foreign-object.ts';

/** Before 0.9 profiles were namespaced, and a namespace was a directory: several could share a name. */
export const keyOf = ({ metadata: { namespace = '', name = '' } = {} }: ForeignObject): string =>
  `${namespace}/${name}`;

/** Names for cluster-scoped profiles, by key: the same, unless several namespaces have it; then `<namespace>-<name>`. */
export function namesHere(profiles: readonly ForeignObject[]): ReadonlyMap<string, string> {
  const shared = new Map<string, number>();
  for (const { metadata } of profiles) shared.set(metadata?.name ?? '', (shared.get(metadata?.name ?? '') ?? 0) + 1);
  const nameOf = ({ metadata: { namespace, name = '' } = {} }: ForeignObject) =>
    namespace && (shared.get(name) ?? 0) > 1 ? `${namespace}-${name}` : name;
  return new Map(profiles.map(profile => [keyOf(profile), nameOf(profile)]));
}
