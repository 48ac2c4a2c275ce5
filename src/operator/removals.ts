import type { Log } from '../core/log.ts';
import { nameList } from '../core/status/name-list.ts';
import type { Bundle } from './bundle.ts';
import type { Fleet } from './fleet.ts';

/** Longer than the slowest of many nodes takes to report; a deletion never waits longer for one that says nothing. */
const PATIENCE_MS = 30_000;

export interface RemovalsOptions {
  readonly bundle: Pick<Bundle, 'leaving'>;
  readonly fleet: Pick<Fleet, 'members'>;
  readonly now: () => number;
  readonly log: Log;
}

/** Deleted profiles whose files are on their way off the nodes: `kubectl delete` returns when reachable nodes have no file. */
export class Removals {
  readonly #options: RemovalsOptions;
  readonly #since = new Map<string, number>();

  constructor(options: RemovalsOptions) {
    this.#options = options;
  }

  /** For how many milliseconds at most a profile has to wait for nodes still; 0 when it may go. */
  waitMs(profile: string): number {
    const { bundle, fleet, log } = this.#options;
    const nodes = bundle.leaving(profile, fleet);
    if (nodes.length === 0) return 0;
    const now = this.#options.now();
    const since = this.#since.get(profile) ?? now;
    this.#since.set(profile, since);
    const wait = Math.max(0, since + PATIENCE_MS - now);
    if (wait === 0)
      log.warn('deleted, though nodes have not said that its file is removed', { profile, nodes: nameList(nodes) });
    return wait;
  }

  forget(profile: string): void {
    this.#since.delete(profile);
  }
}
