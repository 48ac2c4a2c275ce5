export interface TokenRate {
  /** Tokens in a full bucket. */
  readonly burst: number;
  /** Time in which one token comes back, in milliseconds. */
  readonly refillMs: number;
}

/** Above this, buckets that are full again are forgotten: they are as good as new ones. */
const SWEEP_ABOVE = 1_000;

/** A rate limit per key. */
export class TokenBuckets {
  readonly #rate: TokenRate;
  readonly #now: () => number;
  /** When each bucket will be full again: all that there is to know of it. */
  readonly #fullAt = new Map<string, number>();

  constructor(rate: TokenRate, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
  }

  /** Takes a token of the key's bucket; false when it is empty. */
  take(key: string): boolean {
    const { burst, refillMs } = this.#rate;
    const now = this.#now();
    if (this.#fullAt.size > SWEEP_ABOVE) this.#sweep(now);
    const next = Math.max(this.#fullAt.get(key) ?? now, now) + refillMs;
    if (next - now > burst * refillMs) return false;
    this.#fullAt.set(key, next);
    return true;
  }

  #sweep(now: number): void {
    for (const [key, at] of this.#fullAt) if (at <= now) this.#fullAt.delete(key);
  }
}
