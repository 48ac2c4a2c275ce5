/**
 * Exponential backoff with equal jitter: retries of many clients spread out instead of arriving together.
 *
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (the "equal jitter" form: a floor of half the step).
 */
export interface BackoffOptions {
  /** First delay, in milliseconds. */
  readonly initialMs: number;
  /** No delay is longer, in milliseconds. */
  readonly maxMs: number;
}

/** The delay in milliseconds before try number `attempt` (0 is the first retry); between half and all of the step. */
export function backoffDelay(attempt: number, options: BackoffOptions, random: () => number = Math.random): number {
  const step = Math.min(options.maxMs, options.initialMs * 2 ** Math.min(attempt, 30));
  return step / 2 + (random() * step) / 2;
}
