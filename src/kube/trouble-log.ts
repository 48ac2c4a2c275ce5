import type { Log, LogFields } from '../core/log.ts';

const REPEAT_MS = 60_000;

/** Says each distinct trouble once, then at most once a minute, and when it is over. */
export class TroubleLog {
  readonly #log: Log;
  readonly #activity: string;
  readonly #fields: LogFields;
  readonly #saidAt = new Map<string, number>();
  #current: string | undefined;

  /** `activity` is what goes on despite the trouble: "watch". */
  constructor(log: Log, activity: string, fields: LogFields) {
    this.#log = log;
    this.#activity = activity;
    this.#fields = fields;
  }

  report(problem: string): void {
    const now = performance.now();
    this.#forgetOlderThan(now - REPEAT_MS);
    if (this.#saidAt.has(problem)) return;
    this.#saidAt.set(problem, now);
    this.#current = problem;
    this.#log.warn(`${this.#activity} interrupted, trying again`, { ...this.#fields, error: problem });
  }

  recovered(): void {
    if (this.#current === undefined) return;
    this.#log.info(`${this.#activity} works again`, { ...this.#fields, after: this.#current });
    this.#current = undefined;
  }

  #forgetOlderThan(time: number): void {
    for (const [problem, at] of this.#saidAt) if (at < time) this.#saidAt.delete(problem);
  }
}
