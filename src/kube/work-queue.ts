import { type BackoffOptions, backoffDelay } from '../core/backoff.ts';
import { ApiError } from './errors.ts';

export interface WorkQueueOptions {
  /** How many keys are worked on at the same time. */
  readonly concurrency: number;
  /** Brings one key to where it should be; when it throws, the key is tried again later. */
  work(key: string): Promise<void>;
  /** Of a key that fails; an {@link ApiError} may ask for longer. */
  readonly backoff: BackoffOptions;
  /** `attempt` counts the failures since the key's last success, from 1. */
  onError?(key: string, error: unknown, attempt: number): void;
}

/**
 * Work to do, by key. However often a key is added, it is worked on once, and never twice at the same time: added meanwhile,
 * it is worked on once more afterwards. A key that fails waits by itself, without holding up others.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** Keys to work on as soon as there is a hand free, in order. */
  readonly #ready = new Set<string>();
  /** Those that are looked at again though nothing is known to have changed: when no other is ready. */
  readonly #resync = new Set<string>();
  readonly #working = new Map<string, Promise<void>>();
  readonly #timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly at: number }>();
  readonly #failures = new Map<string, number>();
  #state: 'new' | 'started' | 'stopped' = 'new';
  #isWoken = false;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys waiting or being worked on; not those that wait for their time. */
  get size(): number {
    return this.#ready.size + this.#resync.size + this.#working.size;
  }

  /** As soon as possible, also for a key that waits for its time or backs off. */
  add(key: string): void {
    if (this.#state === 'stopped') return;
    this.#cancelTimer(key);
    this.#resync.delete(key);
    this.#ready.add(key);
    this.#nextSoon();
  }

  /** After all that is added otherwise: a thousand keys of a first list do not hold up one that has just changed. */
  addResync(key: string): void {
    if (this.#state === 'stopped' || this.#ready.has(key)) return;
    this.#resync.add(key);
    this.#nextSoon();
  }

  /** In so many milliseconds, or earlier when it was to be added earlier anyway. */
  addAfter(key: string, ms: number): void {
    if (this.#state === 'stopped') return;
    const at = performance.now() + ms;
    const planned = this.#timers.get(key);
    if (planned && planned.at <= at) return;
    this.#cancelTimer(key);
    const timer = setTimeout(() => this.add(key), ms);
    this.#timers.set(key, { timer, at });
  }

  /** Before this, keys are only collected. */
  start(): void {
    if (this.#state === 'new') this.#state = 'started';
    this.#nextSoon();
  }

  /** Forgets all that waits; resolves when the work under way has ended. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    for (const key of [...this.#timers.keys()]) this.#cancelTimer(key);
    this.#ready.clear();
    this.#resync.clear();
    await Promise.all(this.#working.values());
    this.#tellIdle();
  }

  /** Resolves when no key waits or is worked on; keys that wait for their time do not count. */
  async whenIdle(): Promise<void> {
    if (this.size === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  /** What is added in one go is ordered together, and a caller of `add` never finds itself inside the work. */
  #nextSoon(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    queueMicrotask(() => {
      this.#isWoken = false;
      this.#next();
    });
  }

  #next(): void {
    if (this.#state !== 'started') return;
    for (const keys of [this.#ready, this.#resync]) {
      for (const key of keys) {
        if (this.#working.size >= this.#options.concurrency) return;
        if (this.#working.has(key)) continue;
        keys.delete(key);
        this.#working.set(key, this.#workOn(key));
      }
    }
  }

  async #workOn(key: string): Promise<void> {
    try {
      await this.#options.work(key);
      this.#failures.delete(key);
    } catch (error) {
      this.#failed(key, error);
    }
    this.#working.delete(key);
    this.#next();
    this.#tellIdle();
  }

  #failed(key: string, error: unknown): void {
    const attempt = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, attempt);
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    this.addAfter(key, Math.max(asked, backoffDelay(attempt - 1, this.#options.backoff)));
    this.#options.onError?.(key, error, attempt);
  }

  #cancelTimer(key: string): void {
    clearTimeout(this.#timers.get(key)?.timer);
    this.#timers.delete(key);
  }

  #tellIdle(): void {
    if (this.size > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}
