import { isDeepStrictEqual } from 'node:util';
import type { NodeInfo } from '../core/fleet/eligible.ts';
import { type Labels, placeName, selectedLabels } from '../core/fleet/place.ts';
import { isoTime } from '../core/iso-time.ts';
import { isAlreadyExists, isNotFound } from '../kube/errors.ts';
import { resourcePath } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';
import type { Bundle } from './bundle.ts';
import type { Fleet } from './fleet.ts';
import { type PlaceRef, placeConfigMap, placeRef } from './place-configmap.ts';
import type { ConfigMap } from './rendered-configmap.ts';

export interface PlaceReconcilerOptions {
  readonly transport: Transport;
  readonly agentNamespace: string;
  readonly nodes: ReadonlyMap<string, NodeInfo>;
  readonly fleet: Fleet;
  readonly bundle: Bundle;
  /** The keys of labels that rollouts select nodes by. */
  readonly selectedKeys: () => ReadonlySet<string>;
}

/** Tells nodes that have labels which rollouts select by of these, and no others: see core/fleet/place.ts. */
export class PlaceReconciler {
  readonly #options: PlaceReconcilerOptions;

  constructor(options: PlaceReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(name: string): Promise<void> {
    const { nodes, fleet, bundle, selectedKeys } = this.#options;
    const node = fleet.isMember(name) ? nodes.get(name) : undefined;
    const labels = node ? selectedLabels(node.labels, selectedKeys()) : {};
    const known = bundle.place(name);
    if (!node || Object.keys(labels).length === 0) return known && this.#remove(known);
    if (known && isDeepStrictEqual(known.labels, labels)) return;
    await this.#write(node, labels, known);
  }

  async #write(node: NodeInfo, labels: Labels, known: PlaceRef | undefined): Promise<void> {
    const { transport, agentNamespace, bundle } = this.#options;
    const now = isoTime(new Date());
    const hasSince = (key: string) => known?.labels[key] === labels[key] && known?.since[key];
    const since = Object.fromEntries(Object.keys(labels).map(key => [key, hasSince(key) || now]));
    const wanted = placeConfigMap(agentNamespace, node, labels, since);
    const body = known
      ? { ...wanted, metadata: { ...wanted.metadata, resourceVersion: known.resourceVersion } }
      : wanted;
    const [verb, path] = known ? (['PUT', this.#path(node.name)] as const) : (['POST', this.#path()] as const);
    try {
      bundle.wrotePlace(placeRef(await transport.request<ConfigMap>(verb, path, { body })));
    } catch (error) {
      // The watch is about to tell what is there, and what is not any more.
      if (!isAlreadyExists(error) && !isNotFound(error)) throw error;
    }
  }

  async #remove({ node, uid }: PlaceRef): Promise<void> {
    try {
      await this.#options.transport.request('DELETE', this.#path(node), { body: { preconditions: { uid } } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #path(node?: string): string {
    const namespace = this.#options.agentNamespace;
    const name = node === undefined ? {} : { name: placeName(node) };
    return resourcePath({ group: '', version: 'v1', plural: 'configmaps', namespace, ...name });
  }
}
