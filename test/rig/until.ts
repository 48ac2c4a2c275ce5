import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** How long to try, in milliseconds; 20000 without it. */
  readonly timeoutMs?: number;
  /** The pause between two tries, in milliseconds; 50 without it. */
  readonly everyMs?: number;
  /** Gives up at once, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Tries `probe` until it gives something other than undefined or false, and gives that. A probe that throws is tried again.
 *
 * @throws Error that names `what` and the last try's error when the time is over, also while a probe hangs
 */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  { timeoutMs = 20_000, everyMs = 50, signal = new AbortController().signal }: UntilOptions = {},
): Promise<T> {
  const over = new AbortController();
  const ending = AbortSignal.any([over.signal, signal]);
  let lastError: unknown;

  const trying = async (): Promise<T> => {
    for (;;) {
      ending.throwIfAborted();
      try {
        const result = await probe();
        if (result !== undefined && result !== false) return result;
        lastError = undefined;
      } catch (error) {
        lastError = error;
      }
      await delay(everyMs);
    }
  };
  const timer = setTimeout(() => over.abort(new Error(timeoutMessage(what, timeoutMs, lastError))), timeoutMs);
  const ended = new Promise<never>((_, reject) => {
    ending.addEventListener('abort', () => reject(ending.reason), { once: true });
  });
  try {
    return await Promise.race([trying(), ended]);
  } finally {
    clearTimeout(timer);
  }
}

function timeoutMessage(what: string, timeoutMs: number, lastError: unknown): string {
  const because = lastError === undefined ? '' : `: ${lastError instanceof Error ? lastError.message : lastError}`;
  return `waited ${timeoutMs / 1000} s for ${what}${because}`;
}
