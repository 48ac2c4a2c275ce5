import type { PodUse } from './pod-uses.ts';

/** Reports of what a Pod did come when it may be gone already: so long and so many are remembered. */
const REMEMBERED_MS = 600_000;
const MAX_REMEMBERED = 1_000;

/** Pods that refer to a profile of ours, by the UID that nodes know them by. */
export class PodIndex {
  readonly #now: () => number;
  readonly #pods = new Map<string, PodUse>();
  /** Those that have ended, the latest last, with the time. */
  readonly #gone = new Map<string, { readonly use: PodUse; readonly at: number }>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  changed({ item, previous }: { readonly item: PodUse | undefined; readonly previous: PodUse | undefined }): void {
    if (previous && previous.nodeUid !== item?.nodeUid) this.#end(previous);
    if (item) {
      this.#pods.set(item.nodeUid, item);
      this.#gone.delete(item.nodeUid);
    }
  }

  get(nodeUid: string): PodUse | undefined {
    return this.#pods.get(nodeUid) ?? this.#gone.get(nodeUid)?.use;
  }

  #end(use: PodUse): void {
    this.#pods.delete(use.nodeUid);
    const now = this.#now();
    this.#gone.set(use.nodeUid, { use, at: now });
    for (const [uid, { at }] of this.#gone) {
      if (this.#gone.size <= MAX_REMEMBERED && now - at < REMEMBERED_MS) break;
      this.#gone.delete(uid);
    }
  }
}
