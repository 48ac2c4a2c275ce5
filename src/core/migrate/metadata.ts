import type { ObjectMeta } from '../api/metadata.ts';
import type { ForeignMeta } from './foreign-object.ts';

/** Security Profiles Operator's own labels, and the annotation in which it keeps a profile's merged calls. */
const OF_SPO = [/^spo\.x-k8s\.io\//, /^syscalls$/];
/**
 * On an object read from a cluster: marks by which Helm, Argo CD, Flux and kubectl know what they made. On a copy they
 * would be lies, and some of these tools remove what bears their mark and is not in their source.
 */
const OF_TOOLS = [
  /^kubectl\.kubernetes\.io\//,
  /^meta\.helm\.sh\//,
  /^app\.kubernetes\.io\/managed-by$/,
  /^argocd\.argoproj\.io\/(instance|tracking-id)$/,
  /^app\.kubernetes\.io\/instance$/,
  /^(kustomize|helm)\.toolkit\.fluxcd\.io\//,
];

/** What a person wrote of labels and annotations, under the name that the profile has here. */
export function carryMetadata(metadata: ForeignMeta, name: string): ObjectMeta {
  const foreign = metadata.uid === undefined ? OF_SPO : [...OF_SPO, ...OF_TOOLS];
  const labels = without(metadata.labels, foreign);
  const annotations = without(metadata.annotations, foreign);
  return { name, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
}

function without(
  map: Readonly<Record<string, string>> | undefined,
  foreign: readonly RegExp[],
): Record<string, string> | undefined {
  const kept = Object.entries(map ?? {}).filter(([key]) => !foreign.some(pattern => pattern.test(key)));
  return kept.length ? Object.fromEntries(kept) : undefined;
}
