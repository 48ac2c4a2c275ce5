import { isNotFound } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { Transport } from '../../kube/transport.ts';

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
