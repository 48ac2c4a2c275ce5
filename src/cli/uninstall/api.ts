import { isNotFound } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { Transport } from '../../kube/transport.ts';

/** So many objects are in one answer: a list of all Pods would cost the API server five times its size in memory. */
const PAGE = 500;

interface List<T> {
  readonly items: readonly T[];
  readonly metadata: { readonly continue?: string };
}

/** What `keep` makes of every object of a collection, one page at a time; none where the kind does not exist. */
export async function listEach<K, T>(
  transport: Transport,
  path: string,
  keep: (object: K) => T[],
  query: Readonly<Record<string, string>> = {},
): Promise<T[]> {
  const kept: T[] = [];
  let token: string | undefined;
  do {
    const page = { ...query, limit: PAGE, ...(token ? { continue: token } : {}) };
    const list = await orNothing(transport.request<List<K>>('GET', path, { query: page }));
    kept.push(...(list?.items ?? []).flatMap(keep));
    token = list?.metadata.continue;
  } while (token);
  return kept;
}

export const find = <T extends KubeObject>(transport: Transport, path: string): Promise<T | undefined> =>
  orNothing(transport.request<T>('GET', path));

/** Deletes an object if it is there. */
export async function remove(transport: Transport, path: string, options: object = {}): Promise<void> {
  await orNothing(transport.request('DELETE', path, { body: { propagationPolicy: 'Background', ...options } }));
}

export async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
