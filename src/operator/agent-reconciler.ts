import { type AgentConfig, agentConfig, ConfigError, DEFAULT_AGENT_CONFIG } from '../core/daemonset/config.ts';
import { agentDaemonSet, type DaemonSet, holds, repairedDaemonSet } from '../core/daemonset/template.ts';
import type { Log } from '../core/log.ts';
import type { KubeObject } from '../kube/objects.ts';
import { resourcePath } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';

export interface AgentReconcilerOptions {
  readonly transport: Transport;
  readonly template: DaemonSet;
  readonly namespace: string;
  /** Image where the configuration names none. */
  readonly image: string;
  readonly parse: (yaml: string) => unknown;
  readonly live: () => (DaemonSet & KubeObject) | undefined;
  readonly log: Log;
}

/** Makes the agents' DaemonSet and keeps it as the configuration says, also against edits by hand. */
export class AgentReconciler {
  readonly #options: AgentReconcilerOptions;
  #config: AgentConfig = DEFAULT_AGENT_CONFIG;
  /** The generation that is known to be ours: any other one was made by somebody else. */
  #generation: number | undefined;

  constructor(options: AgentReconcilerOptions) {
    this.#options = options;
  }

  get config(): AgentConfig {
    return this.#config;
  }

  /** Takes a new configuration; says what is wrong with one that cannot be used, and keeps the last good one then. */
  configure(yaml: string | undefined): string | undefined {
    try {
      this.#config = agentConfig(yaml === undefined ? {} : this.#options.parse(yaml));
      this.#generation = undefined;
      return undefined;
    } catch (error) {
      const message = error instanceof ConfigError ? error.message : `agent.yaml: ${(error as Error).message}`;
      this.#options.log.error('configuration refused, the last good one stays', { problem: message });
      return message;
    }
  }

  async reconcile(): Promise<void> {
    const { template, namespace, image, live, log, transport } = this.#options;
    const desired = agentDaemonSet(template, this.#config, namespace, this.#config.image || image);
    const present = live();
    const path = resourcePath({ group: 'apps', version: 'v1', plural: 'daemonsets', namespace });
    if (!present) {
      const made = await transport.request<KubeObject>('POST', path, { body: desired });
      this.#generation = made.metadata.generation;
      log.info('agents deployed', { daemonset: desired.metadata.name, image: this.#config.image || image });
      return;
    }
    if (present.metadata.generation === this.#generation) return;
    if (this.#generation === undefined && holds(present, desired)) {
      this.#generation = present.metadata.generation;
      return;
    }
    const body = repairedDaemonSet(desired, present);
    const put = await transport.request<KubeObject>('PUT', `${path}/${desired.metadata.name}`, { body });
    this.#generation = put.metadata.generation;
    log.info('agents’ DaemonSet brought to the configuration', { generation: this.#generation });
  }
}
