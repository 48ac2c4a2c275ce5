import type { ObjectMeta } from '../core/api/metadata.ts';

/** What every object of the API has. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** Names a resource, or one object of it; group `''` is the core group. */
export interface ResourceRef {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** The URL path of a collection, or of one object when a name is given. */
export function resourcePath({ group, version, plural, namespace, name }: ResourceRef): string {
  const segments = [
    ...(group === '' ? ['api', version] : ['apis', group, version]),
    ...(namespace === undefined ? [] : ['namespaces', namespace]),
    plural,
    ...(name === undefined ? [] : [name]),
  ];
  return `/${segments.map(encodeURIComponent).join('/')}`;
}

/** `namespace/name`, or the name alone where there is no namespace. */
export function objectKey({ namespace, name }: ObjectMeta): string {
  return namespace ? `${namespace}/${name}` : name;
}
