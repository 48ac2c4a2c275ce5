import type { ObjectMeta } from '../core/api/metadata.ts';

/** What every Kubernetes object has. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** A collection (without `name`), an object, or a part of an object. The core group is the empty string. */
export interface ResourceLocation {
  readonly group: string;
  readonly version: string;
  /** As in the URL: `configmaps`. */
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
  /** `status`, for one. */
  readonly subresource?: string;
}

/** The path of a resource on the API server, without query. */
export function resourcePath({ group, version, plural, namespace, name, subresource }: ResourceLocation): string {
  const segments = group === '' ? ['api', version] : ['apis', group, version];
  if (namespace !== undefined) segments.push('namespaces', namespace);
  segments.push(plural);
  if (name !== undefined) segments.push(name);
  if (subresource !== undefined) segments.push(subresource);
  return segments.map(segment => `/${encodeURIComponent(segment)}`).join('');
}

/** What tells an object from the others of its resource: `namespace/name`, or `name` where there is no namespace. */
export function objectKey({ namespace, name }: Pick<ObjectMeta, 'namespace' | 'name'>): string {
  return namespace ? `${namespace}/${name}` : name;
}
