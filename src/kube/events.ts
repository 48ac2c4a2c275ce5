import type { Log } from '../core/log.ts';
import type { KubeObject } from './objects.ts';
import type { Transport } from './transport.ts';

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** One word for the cause, such as a condition's reason. */
  readonly reason: string;
  /** What was done, one word. */
  readonly action: string;
  readonly note: string;
}

/** One object gets so many at once, and one more each minute: a flapping profile must not flood the API. */
const BURST = 10;
const REFILL_MS = 60_000;

/** Writes events.k8s.io/v1 Events, as `kubectl describe` shows them. Best effort: an Event that is refused is only logged. */
export class EventRecorder {
  readonly #transport: Transport;
  readonly #identity: string;
  readonly #log: Log;
  readonly #budgets = new Map<string, { left: number; at: number }>();

  constructor(transport: Transport, identity: string, log: Log) {
    this.#transport = transport;
    this.#identity = identity;
    this.#log = log;
  }

  async record({ apiVersion, kind, metadata }: KubeObject, { type, reason, action, note }: EventText): Promise<void> {
    if (!this.#spend(metadata.uid ?? metadata.name)) return;
    // Events about cluster-scoped objects live in the namespace "default".
    const namespace = metadata.namespace ?? 'default';
    const body = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { generateName: `${metadata.name.slice(0, 200)}.`, namespace },
      eventTime: new Date().toISOString().replace('Z', '000Z'),
      reportingController: 'seccomp-operator.dev/operator',
      reportingInstance: this.#identity.slice(0, 128),
      regarding: {
        apiVersion,
        kind,
        name: metadata.name,
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
      },
      type,
      reason,
      action,
      note: note.slice(0, 1000),
    };
    try {
      await this.#transport.request('POST', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`, { body });
    } catch (error) {
      this.#log.debug('an Event was not written', { error: (error as Error).message });
    }
  }

  forget({ metadata }: KubeObject): void {
    this.#budgets.delete(metadata.uid ?? metadata.name);
  }

  #spend(key: string): boolean {
    const now = performance.now();
    const budget = this.#budgets.get(key) ?? { left: BURST, at: now };
    const refilled = Math.min(BURST, budget.left + (now - budget.at) / REFILL_MS);
    this.#budgets.set(key, { left: refilled >= 1 ? refilled - 1 : refilled, at: now });
    return refilled >= 1;
  }
}
