import { type KubeObject, resourcePath } from '../../src/kube/objects.ts';
import type { Transport } from '../../src/kube/transport.ts';

/** A namespace of its own with ConfigMaps to play with. */
export class Sandbox {
  readonly namespace: string;
  readonly path: string;
  readonly #api: Transport;

  private constructor(api: Transport, namespace: string) {
    this.#api = api;
    this.namespace = namespace;
    this.path = resourcePath({ group: '', version: 'v1', plural: 'configmaps', namespace });
  }

  static async make(api: Transport): Promise<Sandbox> {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { generateName: 'contract-' } };
    const { metadata } = await api.request<KubeObject>('POST', '/api/v1/namespaces', { body });
    return new Sandbox(api, metadata.name);
  }

  create(name: string): Promise<KubeObject> {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
    return this.#api.request<KubeObject>('POST', this.path, { body });
  }

  edit(name: string, data: Record<string, string>): Promise<KubeObject> {
    const contentType = 'application/merge-patch+json';
    return this.#api.request<KubeObject>('PATCH', `${this.path}/${name}`, { body: { data }, contentType });
  }

  delete(name: string): Promise<unknown> {
    return this.#api.request('DELETE', `${this.path}/${name}`);
  }
}
