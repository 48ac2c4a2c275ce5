import { backoffDelay } from '../core/backoff.ts';
import type { Log } from '../core/log.ts';
import { GROUP, NODE_PLURAL, VERSION } from '../core/names.ts';
import type { NodeViolations } from '../core/violations/report.ts';
import { resourcePath } from '../kube/objects.ts';
import { TokenBuckets } from '../kube/token-buckets.ts';
import type { Transport } from '../kube/transport.ts';
import { TroubleLog } from '../kube/trouble-log.ts';

export interface ReporterOptions {
  readonly transport: Transport;
  readonly node: string;
  readonly report: () => NodeViolations;
  readonly log: Log;
}

/** What is seen first is told at once, with what comes right after it. */
const TOGETHER_MS = 100;
/** All else. */
const INTERVAL_MS = 60_000;
/** Of both together: five in a row, and one a minute from then on. */
const RATE = { burst: 5, refillMs: INTERVAL_MS };
const RETRY = { initialMs: 1_000, maxMs: 60_000 };
const LAST_CALL_MS = 3_000;

/** Who writes, as managedFields name it. */
const FIELD_MANAGER = 'seccomp-violations';

/** Writes `violations` of the node's SeccompNode and nothing else of it, however much there is to tell. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #path: string;
  readonly #buckets = new TokenBuckets(RATE);
  readonly #trouble: TroubleLog;
  #timer: NodeJS.Timeout | undefined;
  /** On the clock of `performance.now()`. */
  #dueAt = Number.POSITIVE_INFINITY;
  #sentAt = Number.NEGATIVE_INFINITY;
  #sending: Promise<void> | undefined;
  #failures = 0;
  #stopped = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#path = resourcePath({ group: GROUP, version: VERSION, plural: NODE_PLURAL, name: options.node });
    this.#trouble = new TroubleLog(options.log, 'reporting', { node: options.node });
  }

  /** There is something that no report has said; `first` when it is of a kind that none has said. */
  news(first: boolean): void {
    if (this.#stopped || this.#failures > 0) return;
    const now = performance.now();
    const soon = now + TOGETHER_MS;
    if (first && this.#dueAt > soon && this.#buckets.take(this.#path)) this.#sendAt(soon);
    else if (!this.#timer)
      this.#sendAt(Math.max(now, this.#sentAt + INTERVAL_MS), () => this.#buckets.take(this.#path));
  }

  /** Says a last time how things stand. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sending;
    await this.#write(LAST_CALL_MS).catch(error =>
      this.#options.log.warn('the last report was not written', { error: (error as Error).message }),
    );
  }

  #sendAt(time: number, taken: () => unknown = () => {}): void {
    clearTimeout(this.#timer);
    this.#dueAt = time;
    this.#timer = setTimeout(() => {
      taken();
      this.#timer = undefined;
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.#sending = this.#send();
    }, time - performance.now());
  }

  async #send(): Promise<void> {
    this.#sentAt = performance.now();
    try {
      await this.#write();
      this.#failures = 0;
      this.#trouble.recovered();
    } catch (error) {
      this.#trouble.report((error as Error).message);
      if (!this.#stopped) this.#sendAt(performance.now() + backoffDelay(this.#failures++, RETRY));
    }
  }

  async #write(timeoutMs?: number): Promise<void> {
    await this.#options.transport.request('PATCH', `${this.#path}/status`, {
      query: { fieldManager: FIELD_MANAGER },
      contentType: 'application/merge-patch+json',
      body: { status: { violations: this.#options.report() } },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }
}
