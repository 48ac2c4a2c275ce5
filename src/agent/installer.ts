import type { ProfileFailure } from '../core/fleet/own-report.ts';
import type { Log } from '../core/log.ts';
import { digestOf } from '../core/profile/digest.ts';
import type { InstallResult, ProfileDirectory } from '../host/profile-directory.ts';

/** What is to become of a file. */
export type Order =
  | { readonly profile: string; readonly text: string }
  | { readonly profile: string; readonly remove: true };

/** More than this waits for the disk, so that a list of thousands does not pile up in memory. */
const MAX_WAITING = 64;

/** Takes orders as they come and carries out those that wait together; the last order for a file is the one that counts. */
export class Installer {
  readonly #directory: ProfileDirectory;
  readonly #failures: Map<string, ProfileFailure>;
  readonly #log: Log;
  readonly #done: () => void;
  readonly #waiting = new Map<string, Order>();
  #running: Promise<void> | undefined;

  /** `done` is called each time nothing waits any more. */
  constructor(directory: ProfileDirectory, failures: Map<string, ProfileFailure>, log: Log, done: () => void) {
    this.#directory = directory;
    this.#failures = failures;
    this.#log = log;
    this.#done = done;
  }

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  put(fileName: string, order: Order): void {
    this.#waiting.set(fileName, order);
    this.#running ??= this.#run();
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    if (this.#waiting.size > MAX_WAITING) await this.#running;
  }

  async stop(): Promise<void> {
    this.#waiting.clear();
    await this.#running;
  }

  async #run(): Promise<void> {
    // What arrives in one packet is written together, and synced to the disk once.
    await new Promise(resolve => setImmediate(resolve));
    while (this.#waiting.size > 0) {
      const batch = new Map(this.#waiting);
      this.#waiting.clear();
      await this.#carryOut(batch);
    }
    this.#running = undefined;
    this.#done();
  }

  async #carryOut(batch: ReadonlyMap<string, Order>): Promise<void> {
    const texts = new Map<string, string>();
    const gone: string[] = [];
    for (const [fileName, order] of batch) {
      if ('text' in order) texts.set(fileName, order.text);
      else gone.push(fileName);
    }
    if (gone.length) this.#settle(await this.#directory.remove(gone), batch);
    if (texts.size) this.#settle(await this.#directory.install(texts), batch);
  }

  #settle(results: ReadonlyMap<string, InstallResult>, batch: ReadonlyMap<string, Order>): void {
    for (const [fileName, result] of results) {
      const order = batch.get(fileName) as Order;
      const { profile } = order;
      if (result.ok) {
        this.#failures.delete(profile);
        if (result.wrote) this.#log.info('text' in order ? 'profile installed' : 'profile removed', { file: fileName });
        continue;
      }
      const { reason, message } = result;
      if (this.#failures.get(profile)?.message !== message) {
        this.#log.error('a profile could not be brought to disk; trying again', {
          file: fileName,
          reason,
          error: message,
        });
      }
      this.#failures.set(profile, { digest: 'text' in order ? digestOf(order.text) : '', reason, message });
    }
  }
}
