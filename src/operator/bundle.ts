import { bundleDigest } from '../core/profile/digest.ts';
import { profileFileName } from '../core/profile/file-name.ts';
import { pickVariantKey } from '../core/profile/variants.ts';
import { compareResourceVersions } from '../core/resource-version.ts';
import type { ExpectedBundle } from '../core/status/installation.ts';
import type { RenderedRef } from './rendered-configmap.ts';

/**
 * All rendered profiles of the cluster, as the operator's watch and its own writes have shown them: what every node
 * should hold. Digests over the whole are computed when asked for, and kept until something changes.
 */
export class Bundle {
  readonly #refs = new Map<string, RenderedRef>();
  readonly #digests = new Map<string, string>();
  #changedAt = '0';
  #seenTo = '0';

  get(profile: string): RenderedRef | undefined {
    return this.#refs.get(profile);
  }

  get size(): number {
    return this.#refs.size;
  }

  profiles(): IterableIterator<string> {
    return this.#refs.keys();
  }

  /**
   * Takes the answer to a write of ours, which the watch will say again. Older news than what is known is ignored, also
   * that of a ConfigMap which the watch has shown come and go meanwhile.
   */
  wrote(ref: RenderedRef): void {
    if (this.#isNews(ref) && isNewer(ref.resourceVersion, this.#seenTo)) this.#set(ref);
  }

  /** Takes what the watch says. A list is believed even where it is older: etcd may have been restored. */
  observed(ref: RenderedRef, listed: boolean): void {
    if (listed || this.#isNews(ref)) this.#set(ref);
  }

  /** Compared by uid: a ConfigMap that was made again since is another one. */
  gone(ref: RenderedRef, resourceVersion: string): void {
    if (this.#refs.get(ref.profile)?.uid !== ref.uid) return;
    this.#refs.delete(ref.profile);
    this.#changed(resourceVersion);
  }

  /** The watch has delivered everything up to here. */
  progress(resourceVersion: string): void {
    if (isNewer(resourceVersion, this.#seenTo)) this.#seenTo = resourceVersion;
  }

  /** A list was complete: time may have gone back. */
  listed(resourceVersion: string): void {
    this.#seenTo = resourceVersion;
    this.#changedAt = '0';
    for (const ref of this.#refs.values()) this.#changed(ref.resourceVersion);
  }

  expected(architecture: string): ExpectedBundle {
    let digest = this.#digests.get(architecture);
    if (digest === undefined) {
      digest = bundleDigest(this.#files(architecture));
      this.#digests.set(architecture, digest);
    }
    return { digest, changedAt: this.#changedAt, seenTo: this.#seenTo };
  }

  *#files(architecture: string): Iterable<[string, string]> {
    for (const [profile, { digests }] of this.#refs) {
      const key = pickVariantKey(digests.keys(), architecture);
      const digest = key && digests.get(key);
      if (digest) yield [profileFileName(profile), digest];
    }
  }

  #isNews(ref: RenderedRef): boolean {
    const known = this.#refs.get(ref.profile);
    return !known || isNewer(ref.resourceVersion, known.resourceVersion);
  }

  #set(ref: RenderedRef): void {
    this.#refs.set(ref.profile, ref);
    this.#changed(ref.resourceVersion);
  }

  #changed(resourceVersion: string): void {
    this.#digests.clear();
    if (isNewer(resourceVersion, this.#changedAt)) this.#changedAt = resourceVersion;
  }
}

const isNewer = (a: string, b: string): boolean => compareResourceVersions(a, b) > 0;
