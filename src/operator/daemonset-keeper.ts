import { type DaemonSet, holds, repairedDaemonSet } from '../core/daemonset/template.ts';
import type { Log } from '../core/log.ts';
import { isNotFound } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import { resourcePath } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';

export interface DaemonSetKeeperOptions {
  readonly transport: Transport;
  readonly namespace: string;
  readonly name: string;
  readonly live: () => (DaemonSet & KubeObject) | undefined;
  readonly log: Log;
}

/** Makes one DaemonSet and keeps it as it should be, also against edits by hand; removes it when there should be none. */
export class DaemonSetKeeper {
  readonly #options: DaemonSetKeeperOptions;
  /** The generation that is known to be ours: any other one was made by somebody else. */
  #generation: number | undefined;

  constructor(options: DaemonSetKeeperOptions) {
    this.#options = options;
  }

  /** What it should be has changed. */
  reconfigured(): void {
    this.#generation = undefined;
  }

  async keep(desired: DaemonSet | undefined): Promise<void> {
    const { live, log, name, transport } = this.#options;
    const present = live();
    if (!desired) return present && this.#remove();
    if (!present) {
      const made = await transport.request<KubeObject>('POST', this.#path(), { body: desired });
      this.#generation = made.metadata.generation;
      log.info('DaemonSet made', { daemonset: name });
      return;
    }
    if (present.metadata.generation === this.#generation) return;
    if (this.#generation === undefined && holds(present, desired)) {
      this.#generation = present.metadata.generation;
      return;
    }
    const body = repairedDaemonSet(desired, present);
    const put = await transport.request<KubeObject>('PUT', this.#path(name), { body });
    this.#generation = put.metadata.generation;
    log.info('DaemonSet brought to the configuration', { daemonset: name, generation: this.#generation });
  }

  async #remove(): Promise<void> {
    const { log, name, transport } = this.#options;
    this.#generation = undefined;
    try {
      await transport.request('DELETE', this.#path(name));
      log.info('DaemonSet removed', { daemonset: name });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #path(name?: string): string {
    const { namespace } = this.#options;
    return resourcePath({ group: 'apps', version: 'v1', plural: 'daemonsets', namespace, ...(name ? { name } : {}) });
  }
}
