import { type ForeignObject, SPO_GROUP } from '../core/migrate/foreign-object.ts';
import { KINDS } from '../core/migrate/others.ts';
import { own } from '../core/own.ts';
import { isNotFound } from '../kube/errors.ts';
import { resourcePath } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';

/** Newest first: where several are served, each has all objects. */
const VERSIONS = ['v1', 'v1beta1', 'v1alpha2', 'v1alpha1'];

/** What people have made of Security Profiles Operator's kinds, in whatever version this cluster serves them. */
export async function readSpo(transport: Transport): Promise<ForeignObject[]> {
  const served = await servedKinds(transport);
  if (served.size === 0)
    throw new Error('Security Profiles Operator is not installed in this cluster: name a FILE with its manifests');
  const lists = await Promise.all([...served].map(([plural, versions]) => listAny(transport, plural, versions)));
  return lists.flat();
}

/** Plural -> versions, of those kinds that are migrated or named. */
async function servedKinds(transport: Transport): Promise<Map<string, string[]>> {
  const served = new Map<string, string[]>();
  for (const version of VERSIONS) {
    for (const { name } of await resources(transport, version)) {
      if (own(KINDS, name)) served.set(name, [...(served.get(name) ?? []), version]);
    }
  }
  return served;
}

async function resources(transport: Transport, version: string): Promise<{ name: string }[]> {
  try {
    const path = `/apis/${SPO_GROUP}/${version}`;
    return (await transport.request<{ resources: { name: string }[] }>('GET', path)).resources;
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** Its conversion webhook may be gone with it: the version in which objects are stored needs none. */
async function listAny(transport: Transport, plural: string, versions: readonly string[]): Promise<ForeignObject[]> {
  const failures: Error[] = [];
  for (const version of versions) {
    try {
      return await list(transport, plural, version);
    } catch (error) {
      failures.push(error as Error);
    }
  }
  throw failures[0];
}

async function list(transport: Transport, plural: string, version: string): Promise<ForeignObject[]> {
  const path = resourcePath({ group: SPO_GROUP, version, plural });
  const { items } = await transport.request<{ items: ForeignObject[] }>('GET', path);
  // The items of a list do not always say what they are.
  return items.map(item => ({ ...item, apiVersion: `${SPO_GROUP}/${version}`, kind: KINDS[plural] ?? plural }));
}
