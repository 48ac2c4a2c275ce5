export interface StatusPaceOptions {
  /** While nodes arrive one by one, a profile's status is written at most this often, in milliseconds. */
  readonly intervalMs: number;
  /** Of each profile that waits, in milliseconds: many wait longer, so that all of them together write that seldom. */
  readonly shareMs: number;
  /** However many there are: what a status says is not older than this, in milliseconds. */
  readonly longestMs: number;
  readonly now: () => number;
}

/**
 * When to look at the status of profiles whose nodes arrive one after another: at once when the last one has, and else in
 * its turn. A look costs as much as there are nodes, so it is not taken for each report.
 */
export class StatusPace {
  readonly #options: StatusPaceOptions;
  /** Since when a profile's status has something to say. */
  readonly #since = new Map<string, number>();
  /** How many nodes were still to come when it was last looked at, less those that came since. */
  readonly #behind = new Map<string, number>();

  constructor(options: StatusPaceOptions) {
    this.#options = options;
  }

  /** How many nodes the profile waits for. */
  looked(profile: string, behind: number): void {
    this.#behind.set(profile, behind);
  }

  /** One node more has it: in how many milliseconds to look. A count that is wrong is put right by the next look. */
  arrived(profile: string): number {
    const behind = (this.#behind.get(profile) ?? 1) - 1;
    this.#behind.set(profile, behind);
    return behind <= 0 ? 0 : this.wait(profile);
  }

  /** Something changed that is in no hurry: in how many milliseconds to look; `times` as long as usual. */
  wait(profile: string, times = 1): number {
    const { intervalMs, shareMs, longestMs, now } = this.#options;
    const since = this.#since.get(profile) ?? now();
    this.#since.set(profile, since);
    const interval = Math.max(intervalMs, Math.min(longestMs, this.#since.size * shareMs));
    return Math.max(0, since + times * interval - now());
  }

  /** The status says all there is to say. */
  settled(profile: string): void {
    this.#since.delete(profile);
  }

  forget(profile: string): void {
    this.#since.delete(profile);
    this.#behind.delete(profile);
  }
}
