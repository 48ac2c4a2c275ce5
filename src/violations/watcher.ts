import { readFileSync } from 'node:fs';
import type { SeccompRecord } from '../core/audit/record.ts';
import type { Log } from '../core/log.ts';
import { rootOf } from '../core/violations/cgroup.ts';
import { type Home, Lineage } from '../core/violations/lineage.ts';
import { Tally } from '../core/violations/tally.ts';
import type { Libc } from '../host/netlink/libc.ts';
import { ProcessConnector } from '../host/netlink/process-events.ts';
import { homesBelow } from '../host/process-home.ts';
import type { RecordSource } from './record-source.ts';

export interface WatcherOptions {
  readonly libc: Libc;
  readonly source: RecordSource;
  /** Called when there is something that no report has said yet; `first` for a call that has no entry so far. */
  readonly news: (first: boolean) => void;
  readonly log: Log;
}

/** While forks are not told, what is known of a process is believed for so long. */
const AGE_MS = 1_000;

/** Reads records and counts them by container. */
export class Watcher {
  readonly tally = new Tally();
  readonly #options: WatcherOptions;
  readonly #lineage: Lineage;
  readonly #forks: ProcessConnector | undefined;
  #aging: NodeJS.Timeout | undefined;

  constructor(options: WatcherOptions) {
    this.#options = options;
    const root = rootOf(readFileSync('/proc/self/cgroup', 'latin1'));
    this.#lineage = new Lineage({ look: homesBelow(root) });
    this.#forks = this.#connect();
    this.#lineage.hears(this.#forks !== undefined);
  }

  /** Whether processes that ended at once are attributed too. */
  get hearsForks(): boolean {
    return this.#forks !== undefined;
  }

  start(): void {
    const { source } = this.#options;
    this.#forks?.listen(() => this.#hearForks());
    source.listen(() => this.#read());
    if (!this.#forks) this.#aging = setInterval(() => this.#lineage.age(), AGE_MS).unref();
  }

  stop(): void {
    clearInterval(this.#aging);
    this.#forks?.close();
    this.#options.source.close();
  }

  #connect(): ProcessConnector | undefined {
    try {
      return new ProcessConnector(this.#options.libc);
    } catch (error) {
      this.#options.log.warn('processes that end at once may not be attributed: this needs Linux 6.6', {
        error: (error as Error).message,
      });
      return undefined;
    }
  }

  #read(): void {
    const { source, news, log } = this.#options;
    let first = false;
    // What forked before a record was made has been told before it.
    this.#hearForks();
    source.receive(
      record => {
        first = this.#count(record) || first;
      },
      text => log.warn('a record that this version cannot read', { text: text.slice(0, 300) }),
    );
    this.tally.lost += source.lost();
    news(first);
  }

  #count(record: SeccompRecord): boolean {
    const home = this.#homeOf(record.pid);
    if (home === undefined) this.tally.unattributed++;
    return typeof home === 'object' && this.tally.add(home, record, Date.now());
  }

  #homeOf(pid: number): Home | undefined {
    const home = this.#lineage.homeOf(pid);
    if (home !== undefined || !this.#forks) return home;
    // It was forked while this turn's records were read.
    this.#hearForks();
    return this.#lineage.homeOf(pid);
  }

  #hearForks(): void {
    if (!this.#forks) return;
    this.#forks.receive({
      forked: (parent, child) => this.#lineage.forked(parent, child),
      executed: pid => this.#lineage.executed(pid),
    });
    if (this.#forks.hasMissed()) this.#lineage.forget();
  }
}
