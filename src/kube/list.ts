import { isNotFound } from './errors.ts';
import type { Transport } from './transport.ts';

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
    const list = await pageOf<K>(transport, path, page);
    kept.push(...(list?.items ?? []).flatMap(keep));
    token = list?.metadata.continue;
  } while (token);
  return kept;
}

async function pageOf<K>(
  transport: Transport,
  path: string,
  query: Readonly<Record<string, string | number>>,
): Promise<List<K> | undefined> {
  try {
    return await transport.request<List<K>>('GET', path, { query });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
