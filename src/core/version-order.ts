import { compareResourceVersions } from './resource-version.ts';

/** Keys in the order of a resourceVersion each: finds those of a range without a look at all of them. */
export class VersionOrder {
  readonly #entries: { readonly key: string; readonly version: string }[] = [];
  readonly #versions = new Map<string, string>();

  set(key: string, version: string): void {
    if (this.#versions.get(key) === version) return;
    this.delete(key);
    this.#versions.set(key, version);
    this.#entries.splice(this.#after(version), 0, { key, version });
  }

  delete(key: string): void {
    const version = this.#versions.get(key);
    if (version === undefined) return;
    this.#versions.delete(key);
    // Of one version there may be several.
    let at = this.#after(version) - 1;
    while (this.#entries[at]?.key !== key) at--;
    this.#entries.splice(at, 1);
  }

  /** Keys of versions later than `from`, up to `to` and with it. */
  between(from: string, to: string): string[] {
    return this.#entries.slice(this.#after(from), this.#after(to)).map(({ key }) => key);
  }

  /** Place of the first entry later than that. */
  #after(version: string): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const isLater = compareResourceVersions(this.#entries[middle]?.version ?? '', version) > 0;
      if (isLater) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
