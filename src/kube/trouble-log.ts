import type { Log } from '../core/log.ts';

const REPEAT_MS = 60_000;

/** Says each distinct trouble once, then at most once a minute, and when it is over. */
export class TroubleLog {
  readonly #log: Log;
  readonly #resource: string;
  readonly #saidAt = new Map<string, number>();
  #current: string | undefined;

  constructor(log: Log, resource: string) {
    this.#log = log;
    this.#resource = resource;
  }

  report(problem: string): void {
    const now = performance.now();
    this.#forgetOlderThan(now - REPEAT_MS);
    if (this.#saidAt.has(problem)) return;
    this.#saidAt.set(problem, now);
    this.#current = problem;
    this.#log.warn('watch interrupted, trying again', { resource: this.#resource, error: problem });
  }

  recovered(): void {
    if (this.#current === undefined) return;
    this.#log.info('watch works again', { resource: this.#resource, after: this.#current });
    this.#current = undefined;
  }

  #forgetOlderThan(time: number): void {
    for (const [problem, at] of this.#saidAt) if (at < time) this.#saidAt.delete(problem);
  }
}
