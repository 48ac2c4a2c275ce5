import { type BackoffOptions, backoffDelay } from '../backoff.ts';

/** So many times a file is put right at once; an editor or a person needs no more. */
const AT_ONCE = 5;
const BACKOFF: BackoffOptions = { initialMs: 1_000, maxMs: 60_000 };
/** After so long without another alteration all is forgotten. */
const CALM_MS = 60_000;

interface Fight {
  readonly repairs: number;
  readonly nextAt: number;
}

/**
 * Files that somebody else alters again and again, such as another operator: each is put right less and less often, and at
 * least about once a minute. Times are those of one clock, in milliseconds.
 */
export class Contention {
  readonly #fights = new Map<string, Fight>();
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The file was put right now, once more. */
  repaired(file: string, now: number): void {
    const before = this.#fights.get(file);
    const repairs = before && now < before.nextAt + CALM_MS ? before.repairs + 1 : 1;
    const delay = repairs < AT_ONCE ? 0 : backoffDelay(repairs - AT_ONCE, BACKOFF, this.#random);
    this.#fights.set(file, { repairs, nextAt: now + delay });
  }

  /** How long its next repair has to wait; 0 for a file that nobody fights over. */
  waitMs(file: string, now: number): number {
    return Math.max(0, (this.#fights.get(file)?.nextAt ?? now) - now);
  }

  /** Repairs of it since the last calm. */
  repairs(file: string): number {
    return this.#fights.get(file)?.repairs ?? 0;
  }

  /** Forgets what has been calm; the map does not grow with files that were altered once. */
  tidy(now: number): void {
    for (const [file, { nextAt }] of this.#fights) if (now >= nextAt + CALM_MS) this.#fights.delete(file);
  }
}
