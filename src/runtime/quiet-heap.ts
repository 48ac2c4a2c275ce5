/** Node's `--expose-gc` puts it there; typed as far as it is used (V8, src/extensions/gc-extension.cc). */
type Collect = (options: { type: 'major'; flavor: 'last-resort'; execution: 'sync' }) => void;

/** Longer than what comes in one burst pauses, short against how long a node is then left alone. */
const QUIET_MS = 5_000;

/**
 * Gives back to the system what a burst of work has left of the heap, once nothing has happened for five seconds. V8 does so by
 * itself only when more is allocated, which on a node may be tomorrow. It takes 15 ms of an agent; without `--expose-gc`
 * nothing is done.
 */
export class QuietHeap {
  readonly #collect = (globalThis as { gc?: Collect }).gc;
  #timer: NodeJS.Timeout | undefined;

  /** Something was done, that has left garbage. */
  touched(): void {
    if (!this.#collect) return;
    this.#timer ??= setTimeout(() => this.#tidy(), QUIET_MS).unref();
    this.#timer.refresh();
  }

  #tidy(): void {
    this.#timer = undefined;
    // Of the flavours only this one returns the pages.
    this.#collect?.({ type: 'major', flavor: 'last-resort', execution: 'sync' });
  }
}
