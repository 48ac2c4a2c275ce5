import { type BackoffOptions, backoffDelay } from '../core/backoff.ts';
import { ApiError } from './errors.ts';

export interface WorkQueueOptions {
  /** Keys that are worked on at the same time. */
  readonly concurrency: number;
  /** What it throws has the key tried again, later and later. */
  readonly work: (key: string) => Promise<void>;
  readonly backoff: BackoffOptions;
  readonly onError: (key: string, error: Error, attempt: number) => void;
}

/**
 * Work by key: a key that is added twice is worked on once, never twice at the same time, and again when it was added
 * meanwhile. A key in trouble waits by itself; others pass it.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #ready = new Set<string>();
  readonly #running = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #attempts = new Map<string, number>();
  #open = false;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys that wait, run, or will be tried again. */
  get size(): number {
    return this.#ready.size + this.#running.size + this.#timers.size;
  }

  /** Until then keys are only collected. */
  start(): void {
    this.#open = true;
    this.#pump();
  }

  add(key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#ready.add(key);
    this.#pump();
  }

  /** Does nothing for a key that waits already. */
  addAfter(key: string, ms: number): void {
    if (this.#timers.has(key) || this.#ready.has(key)) return;
    this.#timers.set(
      key,
      setTimeout(() => this.add(key), ms),
    );
  }

  /** Resolves when what runs has ended; nothing is started afterwards. */
  async stop(): Promise<void> {
    this.#open = false;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#ready.clear();
    if (this.#running.size === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  #pump(): void {
    for (const key of this.#ready) {
      if (!this.#open || this.#running.size >= this.#options.concurrency) return;
      if (this.#running.has(key)) continue;
      this.#ready.delete(key);
      this.#running.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#options.work(key);
      this.#attempts.delete(key);
    } catch (error) {
      this.#retry(key, error as Error);
    }
    this.#running.delete(key);
    if (this.#running.size === 0) this.#idle?.resolve();
    this.#pump();
  }

  #retry(key: string, error: Error): void {
    const attempt = this.#attempts.get(key) ?? 0;
    this.#attempts.set(key, attempt + 1);
    if (!this.#open) return;
    this.#options.onError(key, error, attempt);
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    this.addAfter(key, Math.max(asked, backoffDelay(attempt, this.#options.backoff)));
  }
}
