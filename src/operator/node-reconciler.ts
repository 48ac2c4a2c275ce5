import type { NodeInfo } from '../core/fleet/eligible.ts';
import type { Log } from '../core/log.ts';
import { API_VERSION, GROUP, NODE_KIND, NODE_PLURAL, VERSION } from '../core/names.ts';
import { isAlreadyExists, isNotFound } from '../kube/errors.ts';
import { resourcePath } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';
import type { Fleet, ReportRef } from './fleet.ts';

export interface NodeReconcilerOptions {
  readonly transport: Transport;
  readonly nodes: ReadonlyMap<string, NodeInfo>;
  readonly reports: ReadonlyMap<string, ReportRef>;
  readonly fleet: Fleet;
  readonly log: Log;
}

/**
 * One SeccompNode for each node that runs an agent: made here, because an agent may only write the status of its own one.
 * It is owned by its Node, and goes with it; where no garbage collector runs it is removed here.
 */
export class NodeReconciler {
  readonly #options: NodeReconcilerOptions;

  constructor(options: NodeReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(name: string): Promise<void> {
    const { nodes, reports, fleet } = this.#options;
    const node = fleet.isMember(name) ? nodes.get(name) : undefined;
    const report = reports.get(name);
    if (report && report.ownerUid !== node?.uid) await this.#remove(name, report.uid);
    if (node && report?.ownerUid !== node.uid) await this.#create(node);
    else if (report?.tracked) await this.#untrack(name);
  }

  async #create({ name, uid }: NodeInfo): Promise<void> {
    const { transport, log } = this.#options;
    const body = {
      apiVersion: API_VERSION,
      kind: NODE_KIND,
      metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
    };
    try {
      await transport.request('POST', resourcePath({ group: GROUP, version: VERSION, plural: NODE_PLURAL }), { body });
      log.info('node added: its agent can report now', { node: name });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  /**
   * Fields of reports have one writer each, so nobody asks whose they are. Without that account a report costs the API server
   * half the time and a third of the bytes. Where it is emptied once, it stays empty (Kubernetes, "Server-Side Apply", section
   * "Clearing managedFields").
   */
  async #untrack(name: string): Promise<void> {
    const path = resourcePath({ group: GROUP, version: VERSION, plural: NODE_PLURAL, name });
    const body = { metadata: { managedFields: [{}] } };
    try {
      await this.#options.transport.request('PATCH', path, { contentType: 'application/merge-patch+json', body });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #remove(name: string, uid: string): Promise<void> {
    const { transport, log } = this.#options;
    const path = resourcePath({ group: GROUP, version: VERSION, plural: NODE_PLURAL, name });
    try {
      await transport.request('DELETE', path, { body: { preconditions: { uid } } });
      log.info('node gone: its report is removed', { node: name });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
