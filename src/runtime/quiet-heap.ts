/** What Node's `--expose-gc` puts there, as far as it is used here (V8, src/extensions/gc-extension.cc). */
export type Collect = (options: { type: 'major'; flavor: 'last-resort'; execution: 'sync' }) => void;

/** Longer than what comes in one burst pauses, short against how long a node is then left alone. */
const QUIET_MS = 5_000;

/**
 * Gives back to the system what a burst of work has left of the heap, once nothing has happened for five seconds. V8 does so by
 * itself only when more is allocated, which on a node may be tomorrow. It takes 15 ms of an agent; without `--expose-gc`
 * nothing is done.
 */
export class QuietHeap {
  readonly #collect: Collect | undefined;
  readonly #quietMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(collect = (globalThis as { gc?: Collect }).gc, quietMs = QUIET_MS) {
    this.#collect = collect;
    this.#quietMs = quietMs;
  }

  /** Something was done, that has left garbage. */
  touched(): void {
    if (!this.#collect) return;
    clearTimeout(this.#timer);
    // Of the flavours only this one returns the pages.
    const tidy = () => this.#collect?.({ type: 'major', flavor: 'last-resort', execution: 'sync' });
    this.#timer = setTimeout(tidy, this.#quietMs).unref();
  }
}
