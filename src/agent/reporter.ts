import { isDeepStrictEqual } from 'node:util';
import type { SeccompNode } from '../core/api/seccomp-node.ts';
import { backoffDelay } from '../core/backoff.ts';
import { type NodeFacts, type NodeReportBody, type OwnStatus, ownReport } from '../core/fleet/own-report.ts';
import type { Log } from '../core/log.ts';
import { GROUP, NODE_PLURAL, VERSION } from '../core/names.ts';
import { ApiError, isNotFound } from '../kube/errors.ts';
import { resourcePath } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';

export interface ReporterOptions {
  readonly transport: Transport;
  readonly node: string;
  readonly facts: () => NodeFacts;
  /** Somebody has to act: asked for each change, unlike the facts, of which there are as many as profiles. */
  readonly isTroubled: () => boolean;
  readonly log: Log;
}

/** The shortest time between two reports; while so many changes come within a second, it grows to the longest. */
const SHORTEST_WINDOW_MS = 100;
const LONGEST_WINDOW_MS = 1_000;
const MANY = 4;
const MANY_WITHIN_MS = 1_000;
const RETRY = { initialMs: 500, maxMs: 30_000 };

/** Writes the node's SeccompNode status: one write for all that changed meanwhile, none when nothing did. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #path: string;
  /** The status as the API server has it; unknown after a failure. */
  #written: OwnStatus | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  #window = SHORTEST_WINDOW_MS;
  /** When the last changes were, the oldest first; no more than are many. */
  readonly #changes: number[] = [];
  #sentAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #spread = 0;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#path = resourcePath({ group: GROUP, version: VERSION, plural: NODE_PLURAL, name: options.node });
  }

  /** Of what changes now, as many nodes report as there are: each at a random moment within this time. */
  spread(ms: number): void {
    this.#spread = ms;
  }

  /** Something changed. */
  request(): void {
    if (this.#changes.push(performance.now()) > MANY) this.#changes.shift();
    if (this.#stopped || this.#timer) return;
    if (this.#sending) {
      this.#again = true;
      return;
    }
    this.#sendAfter(Math.max(0, this.#sentAt + this.#window - performance.now()) + this.#delay());
  }

  /** Before the next report, what is there is read: somebody may have removed ours, or etcd was restored. */
  forget(): void {
    this.#written = undefined;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sending;
  }

  /** Trouble is not held back: it is rare. */
  #delay(): number {
    return this.#options.isTroubled() ? 0 : this.#spread * Math.random();
  }

  #sendAfter(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#send().finally(() => this.#sent());
    }, ms);
  }

  #sent(): void {
    this.#sending = undefined;
    if (this.#again) this.request();
    this.#again = false;
  }

  async #send(): Promise<void> {
    const [oldest = 0] = this.#changes;
    const areMany = this.#changes.length === MANY && performance.now() - oldest < MANY_WITHIN_MS;
    this.#window = areMany ? Math.min(LONGEST_WINDOW_MS, this.#window * 2) : SHORTEST_WINDOW_MS;
    try {
      this.#written ??= await this.#read();
      const report = ownReport(this.#options.facts(), this.#written, new Date());
      if (!isDeepStrictEqual(withoutNulls(report), this.#written)) await this.#write(report);
      this.#failures = 0;
    } catch (error) {
      // A refusal is an answer: nothing was written.
      if (!(error instanceof ApiError) || isNotFound(error)) this.#written = undefined;
      this.#complain(error as Error);
      if (!this.#stopped) this.#sendAfter(backoffDelay(this.#failures++, RETRY));
    }
  }

  async #read(): Promise<OwnStatus> {
    return ownStatus(await this.#options.transport.request<SeccompNode>('GET', this.#path));
  }

  async #write(status: NodeReportBody): Promise<void> {
    const answer = await this.#options.transport.request<SeccompNode>('PATCH', `${this.#path}/status`, {
      contentType: 'application/merge-patch+json',
      body: { status },
    });
    this.#written = ownStatus(answer);
    this.#sentAt = performance.now();
  }

  /** An operator that is a moment late to make the SeccompNode is nothing to tell of. */
  #complain(error: Error): void {
    const missing = isNotFound(error);
    if (missing && this.#failures < 3) return;
    const hint = missing ? 'no SeccompNode for this node: is the operator running, and the node selected?' : undefined;
    this.#options.log.warn('the report was not written; trying again', { error: error.message, hint });
  }
}

function ownStatus({ status = {} }: SeccompNode): OwnStatus {
  const { violations: _, ...own } = status;
  return own;
}

function withoutNulls(report: NodeReportBody): OwnStatus {
  return Object.fromEntries(Object.entries(report).filter(([, value]) => value !== null));
}
