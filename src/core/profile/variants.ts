import type { ResolvedSpec } from './base.ts';
import { digestOf } from './digest.ts';
import { renderProfile } from './render.ts';

/** A file's text and the digest of its bytes. */
export interface Rendered {
  readonly text: string;
  readonly digest: string;
}

/** Key of the ConfigMap where all nodes take the same file. */
const COMMON_KEY = 'profile.json';

const keyOf = (architecture: string): string => `${architecture}.json`;

/**
 * The rendered forms by ConfigMap key: one for all where the profile lists no architecture, else one for each of the given
 * node architectures.
 */
export function renderVariants(spec: ResolvedSpec, architectures: Iterable<string>): ReadonlyMap<string, Rendered> {
  const rendered = (architecture: string): Rendered => {
    const text = renderProfile(spec, architecture);
    return { text, digest: digestOf(text) };
  };
  if (!spec.architectures?.length) return new Map([[COMMON_KEY, rendered('')]]);
  return new Map([...architectures].sort().map(each => [keyOf(each), rendered(each)]));
}

/** The key a node takes; nothing where the operator has not rendered for its architecture yet. */
export function pickVariantKey(keys: Iterable<string>, architecture: string): string | undefined {
  const wanted = keyOf(architecture);
  let common: string | undefined;
  for (const key of keys) {
    if (key === wanted) return key;
    if (key === COMMON_KEY) common = key;
  }
  return common;
}
