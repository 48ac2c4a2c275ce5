import type { ResolvedSpec } from './base.ts';
import { digestOf } from './digest.ts';
import { ProfileError } from './errors.ts';
import { formOf } from './form.ts';
import { renderProfile } from './render.ts';

/** A file's text and the digest of its bytes. */
export interface Rendered {
  readonly text: string;
  readonly digest: string;
}

/** Key of the ConfigMap where all nodes take the same file. */
const COMMON_KEY = 'profile.json';

/** What the API server lets a ConfigMap's data hold, keys included (k8s.io/api/core/v1, `MaxSecretSize`), less the keys. */
const MAX_BYTES = 1024 * 1024 - 4096;

const keyOf = (architecture: string): string => `${architecture}.json`;

/**
 * The rendered forms by ConfigMap key: one for all where the form lists no architecture, else one for each of the given
 * node architectures. Throws `ProfileError` where they do not fit into one ConfigMap.
 */
export function renderVariants(resolved: ResolvedSpec, architectures: Iterable<string>): ReadonlyMap<string, Rendered> {
  const spec = formOf(resolved);
  const rendered = (architecture: string): Rendered => {
    const text = renderProfile(spec, architecture);
    return { text, digest: digestOf(text) };
  };
  const variants = spec.architectures?.length
    ? new Map([...architectures].sort().map(each => [keyOf(each), rendered(each)]))
    : new Map([[COMMON_KEY, rendered('')]]);
  checkSize([...variants.values()].map(({ text }) => text));
  return variants;
}

/** Throws `ProfileError` where these do not fit into one ConfigMap. */
export function checkSize(texts: readonly string[]): void {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes <= MAX_BYTES) return;
  const all = texts.length > 1 ? ` for ${texts.length} forms (node architectures, stages of a rollout) together` : '';
  throw new ProfileError(
    'TooLarge',
    `spec.syscalls: the rendered profile has ${bytes} bytes${all}, and a ConfigMap holds ${MAX_BYTES}: give calls with the same action and conditions one rule together, or remove rules.`,
  );
}

/** The key a node takes, of those with a prefix; nothing where the operator has not rendered for its architecture yet. */
export function pickVariantKey(keys: Iterable<string>, architecture: string, prefix = ''): string | undefined {
  const wanted = prefix + keyOf(architecture);
  let common: string | undefined;
  for (const key of keys) {
    if (key === wanted) return key;
    if (key === prefix + COMMON_KEY) common = key;
  }
  return common;
}
