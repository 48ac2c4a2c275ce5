import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import { PROFILE_ANNOTATION, RENDERED_LABEL, SPREAD_ANNOTATION } from '../core/names.ts';
import { digestOf } from '../core/profile/digest.ts';
import { profileOfRendered, renderedName } from '../core/profile/rendered-name.ts';
import { type Kept, readTable, TABLE_KEY, type TableEntry } from '../core/rollout/files.ts';
import type { KubeObject } from '../kube/objects.ts';

/** The ConfigMap that carries a profile's rendered form to the agents. */
export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

/** What the operator keeps of such a ConfigMap: enough to see whether it still says what it should. */
export interface RenderedRef {
  readonly profile: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Digest of each data key, computed from what is there: an edit by hand shows. */
  readonly digests: ReadonlyMap<string, string>;
  /** Which nodes take which of them. */
  readonly table: readonly TableEntry[];
}

export function renderedRef({ metadata, data = {} }: ConfigMap): RenderedRef {
  return {
    profile: profileOfRendered(metadata.name) ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    digests: new Map(Object.entries(data).map(([key, text]) => [key, digestOf(text)])),
    table: tableOf(data),
  };
}

/** One that was altered says nothing; its digest shows that, and it is put right. */
function tableOf(data: Readonly<Record<string, string>>): readonly TableEntry[] {
  try {
    return readTable(data[TABLE_KEY]);
  } catch {
    return [];
  }
}

export function sayTheSame(rendered: ReadonlyMap<string, Kept>, digests: ReadonlyMap<string, string>): boolean {
  return rendered.size === digests.size && [...rendered].every(([key, { digest }]) => digests.get(key) === digest);
}

/**
 * Not owned by its profile: a foreground deletion (Argo CD's kind) removes what an object owns before the object itself,
 * and would take the file from under the Pods that use it.
 */
export function renderedConfigMap(
  namespace: string,
  profile: SeccompProfile,
  texts: ReadonlyMap<string, string>,
  spreadMs: number,
): ConfigMap {
  const { name } = profile.metadata;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: renderedName(name),
      namespace,
      labels: { [RENDERED_LABEL]: 'true' },
      annotations: { [PROFILE_ANNOTATION]: name, [SPREAD_ANNOTATION]: String(spreadMs) },
    },
    data: Object.fromEntries(texts),
  };
}
