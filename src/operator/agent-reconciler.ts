import { type AgentConfig, agentConfig, ConfigError, DEFAULT_AGENT_CONFIG } from '../core/daemonset/config.ts';
import { agentDaemonSet, type DaemonSet, violationsDaemonSet } from '../core/daemonset/template.ts';
import type { Log } from '../core/log.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';
import { DaemonSetKeeper } from './daemonset-keeper.ts';

/** What runs on nodes, as the manifests have it. */
export interface Templates {
  readonly agent: DaemonSet;
  readonly violations: DaemonSet;
}

export interface AgentReconcilerOptions {
  readonly transport: Transport;
  readonly templates: Templates;
  readonly namespace: string;
  /** Image where the configuration names none. */
  readonly image: string;
  readonly parse: (yaml: string) => unknown;
  readonly live: (name: string) => (DaemonSet & KubeObject) | undefined;
  readonly log: Log;
}

/** Keeps the agents, and what counts violations where that is enabled, as the configuration says. */
export class AgentReconciler {
  readonly #options: AgentReconcilerOptions;
  readonly #agents: DaemonSetKeeper;
  readonly #violations: DaemonSetKeeper;
  #config: AgentConfig = DEFAULT_AGENT_CONFIG;

  constructor(options: AgentReconcilerOptions) {
    this.#options = options;
    this.#agents = this.#keeper(options.templates.agent);
    this.#violations = this.#keeper(options.templates.violations);
  }

  get config(): AgentConfig {
    return this.#config;
  }

  /** Takes a new configuration; says what is wrong with one that cannot be used, and keeps the last good one then. */
  configure(yaml: string | undefined): string | undefined {
    try {
      this.#config = agentConfig(yaml === undefined ? {} : this.#options.parse(yaml));
      this.#agents.reconfigured();
      this.#violations.reconfigured();
      return undefined;
    } catch (error) {
      const message = error instanceof ConfigError ? error.message : `agent.yaml: ${(error as Error).message}`;
      this.#options.log.error('configuration refused, the last good one stays', { problem: message });
      return message;
    }
  }

  async reconcile(): Promise<void> {
    const { templates, namespace } = this.#options;
    const config = this.#config;
    const image = config.image || this.#options.image;
    await this.#agents.keep(agentDaemonSet(templates.agent, config, namespace, image));
    const { enabled } = config.violations;
    await this.#violations.keep(
      enabled ? violationsDaemonSet(templates.violations, config, namespace, image) : undefined,
    );
  }

  #keeper(template: DaemonSet): DaemonSetKeeper {
    const { transport, namespace, live, log } = this.#options;
    const { name } = template.metadata;
    return new DaemonSetKeeper({ transport, namespace, name, live: () => live(name), log });
  }
}
