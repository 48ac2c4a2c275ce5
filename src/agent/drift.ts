import { Contention } from '../core/drift/contention.ts';
import type { ProfileFailure, Repairs } from '../core/fleet/own-report.ts';
import { isoTime } from '../core/iso-time.ts';
import type { Log } from '../core/log.ts';
import type { CheckResult, ProfileDirectory } from '../host/profile-directory.ts';

/** Reason of a failure that ends by itself when the other writer does: fetching the profile again is of no help. */
export const CONTENDED = 'Contended';

export interface DriftOptions {
  /** None while it is being opened. */
  readonly directory: () => ProfileDirectory | undefined;
  /** Of which profile a file is. */
  readonly profileOf: (fileName: string) => string | undefined;
  readonly failures: Map<string, ProfileFailure>;
  /** Runs a step after some milliseconds, when no other one runs. */
  readonly later: (ms: number, step: () => Promise<void>) => void;
  /** Something is to be reported. */
  readonly news: () => void;
  /** A fight has ended, and with it the failure. */
  readonly calm: () => void;
  readonly log: Log;
}

/**
 * Puts right what somebody else altered, and counts it. A file that is altered again and again is put right at growing intervals,
 * and counts as failed meanwhile, however often it is right for a moment.
 */
export class Drift {
  readonly #options: DriftOptions;
  readonly #contention = new Contention();
  /** Files that are looked at again by themselves. */
  readonly #fights = new Set<string>();
  #repairs: Repairs = { total: 0 };

  constructor(options: DriftOptions) {
    this.#options = options;
  }

  get repairs(): Repairs {
    return this.#repairs;
  }

  /** Looks at these files, at all unless they are named; those that are fought over have their own time. */
  async check(fileNames?: ReadonlySet<string>): Promise<void> {
    const directory = this.#options.directory();
    const due = (fileNames ?? directory?.owned())?.difference(this.#fights);
    if (directory && due) this.#note(await directory.check(due));
    this.#contention.tidy(performance.now());
  }

  #note({ repaired, failed }: CheckResult): void {
    const { failures, profileOf, news } = this.#options;
    for (const fileName of repaired) this.#count(fileName);
    for (const [fileName, failure] of failed) {
      const profile = profileOf(fileName);
      if (profile) failures.set(profile, { digest: '', ...failure });
    }
    if (repaired.length || failed.size) news();
  }

  #count(fileName: string): void {
    const lastTime = isoTime(new Date());
    this.#repairs = { total: this.#repairs.total + 1, lastTime, lastFile: fileName };
    const now = performance.now();
    this.#contention.repaired(fileName, now);
    const wait = this.#contention.waitMs(fileName, now);
    if (wait > 0) this.#fight(fileName, wait);
    else this.#options.log.warn('a file was altered by somebody else, and repaired', { file: fileName });
  }

  #fight(fileName: string, waitMs: number): void {
    const { failures, profileOf, later, log } = this.#options;
    const times = this.#contention.repairs(fileName);
    const seconds = Math.ceil(waitMs / 1_000);
    const message = `something else on the node alters ${fileName} again and again: repaired ${times} times, next in ${seconds} s; find what writes there and stop it`;
    if (!this.#fights.has(fileName))
      log.error('a file is fought over', { file: fileName, reason: CONTENDED, error: message });
    this.#fights.add(fileName);
    const profile = profileOf(fileName);
    if (profile) failures.set(profile, { digest: '', reason: CONTENDED, message });
    later(waitMs, () => this.#again(fileName));
  }

  async #again(fileName: string): Promise<void> {
    this.#fights.delete(fileName);
    const result = await this.#options.directory()?.check([fileName]);
    if (result) this.#note(result);
    if (this.#fights.has(fileName)) return;
    const { failures, profileOf, calm, log } = this.#options;
    const profile = profileOf(fileName);
    if (profile && failures.get(profile)?.reason === CONTENDED) failures.delete(profile);
    log.info('a file is left alone again', { file: fileName });
    calm();
  }
}
