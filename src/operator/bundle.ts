import type { Labels } from '../core/fleet/place.ts';
import { bundleDigest } from '../core/profile/digest.ts';
import { profileFileName } from '../core/profile/file-name.ts';
import { compareResourceVersions } from '../core/resource-version.ts';
import { pickKey } from '../core/rollout/files.ts';
import { type ExpectedBundle, type FleetNode, type Installation, installationOf } from '../core/status/installation.ts';
import { leavingNodes } from '../core/status/leaving.ts';
import { VersionOrder } from '../core/version-order.ts';
import type { Fleet } from './fleet.ts';
import type { PlaceRef } from './place-configmap.ts';
import type { RenderedRef } from './rendered-configmap.ts';

/** What the watch has of a profile, and of a node. */
export interface Shown {
  profile(name: string): RenderedRef | undefined;
  place(node: string): PlaceRef | undefined;
}

type Whose = Pick<FleetNode, 'name' | 'architecture'>;

/**
 * All rendered profiles of the cluster, and what nodes are told of themselves, as the operator's watch and its own writes have shown them: what every node
 * should hold. Digests over the whole are computed when asked for, and kept until something changes.
 */
export class Bundle {
  readonly #refs = new Map<string, RenderedRef>();
  /** By the version at which all nodes come to hold it as it is now, or to hold it no more. */
  readonly #order = new VersionOrder();
  /** Profiles of which nodes' labels decide what each holds. */
  readonly #differing = new Set<string>();
  readonly #places = new Map<string, PlaceRef>();
  /** resourceVersion of the change that took a node's labels away. */
  readonly #placesGone = new Map<string, string>();
  /** resourceVersion at which a profile's rendered form went. */
  readonly #goneAt = new Map<string, string>();
  readonly #digests = new Map<string, string>();
  /** resourceVersion of our own write of a profile's rendered form, until the watch has told of it. */
  readonly #unconfirmed = new Map<string, string>();
  /** The same of what a node is told of itself. */
  readonly #unconfirmedPlaces = new Map<string, string>();
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
    if (!this.#isNews(ref) || !isNewer(ref.resourceVersion, this.#seenTo)) return;
    this.#set(ref);
    this.#unconfirmed.set(ref.profile, ref.resourceVersion);
  }

  /**
   * Takes what the watch says; false where that was known. A list is believed even where it is older: etcd may have been
   * restored.
   */
  observed(ref: RenderedRef, listed: boolean): boolean {
    const isNews = listed || this.#isNews(ref);
    if (isNews) this.#set(ref);
    confirm(this.#unconfirmed, ref.profile, ref.resourceVersion);
    return isNews;
  }

  /** Compared by uid: a ConfigMap that was made again since is another one. */
  gone(ref: RenderedRef, resourceVersion: string): void {
    if (this.#refs.get(ref.profile)?.uid !== ref.uid) return;
    this.#refs.delete(ref.profile);
    this.#unconfirmed.delete(ref.profile);
    this.#goneAt.set(ref.profile, resourceVersion);
    this.#order.set(ref.profile, resourceVersion);
    this.#differing.delete(ref.profile);
    this.#changed(resourceVersion);
  }

  place(node: string): PlaceRef | undefined {
    return this.#places.get(node);
  }

  places(): IterableIterator<string> {
    return this.#places.keys();
  }

  labelsOf(node: string): Labels {
    return this.#places.get(node)?.labels ?? {};
  }

  wrotePlace(place: PlaceRef): void {
    if (!this.#isNewPlace(place) || !isNewer(place.resourceVersion, this.#seenTo)) return;
    this.#places.set(place.node, place);
    this.#unconfirmedPlaces.set(place.node, place.resourceVersion);
  }

  placeObserved(place: PlaceRef, listed: boolean): void {
    if (listed || this.#isNewPlace(place)) this.#places.set(place.node, place);
    confirm(this.#unconfirmedPlaces, place.node, place.resourceVersion);
  }

  placeGone({ node, uid }: PlaceRef, resourceVersion: string): void {
    if (this.#places.get(node)?.uid !== uid) return;
    this.#places.delete(node);
    this.#unconfirmedPlaces.delete(node);
    this.#placesGone.set(node, resourceVersion);
  }

  /**
   * The watch has delivered everything up to here, after which it shows these. What we wrote before that and it has not told of
   * is gone, or another: while there was no watch somebody removed it, or etcd was restored. Gives those of which that is so.
   */
  progress(resourceVersion: string, shown: Shown): { profiles: string[]; nodes: string[] } {
    if (isNewer(resourceVersion, this.#seenTo)) this.#seenTo = resourceVersion;
    const profiles = takeMissed(this.#unconfirmed, resourceVersion);
    for (const profile of profiles) {
      const [known, now] = [this.#refs.get(profile), shown.profile(profile)];
      if (now) this.#set(now);
      else if (known) this.gone(known, resourceVersion);
    }
    const nodes = takeMissed(this.#unconfirmedPlaces, resourceVersion);
    for (const node of nodes) {
      const [known, now] = [this.#places.get(node), shown.place(node)];
      if (now) this.#places.set(node, now);
      else if (known) this.placeGone(known, resourceVersion);
    }
    return { profiles, nodes };
  }

  /** A list was complete: time may have gone back. */
  listed(resourceVersion: string): void {
    this.#seenTo = resourceVersion;
    this.#changedAt = '0';
    this.#placesGone.clear();
    for (const profile of [...this.#goneAt.keys()]) this.forget(profile);
    for (const ref of this.#refs.values()) this.#changed(ref.resourceVersion);
  }

  /** What a node should hold: nodes of one architecture with the same labels hold the same. */
  expected({ name, architecture }: Whose): ExpectedBundle {
    const digest = () => this.#digest(architecture, this.labelsOf(name));
    return {
      get digest() {
        return digest();
      },
      changedAt: newer(this.#changedAt, this.#toldAt(name)),
      seenTo: this.#seenTo,
    };
  }

  /** Profiles of which a node that has applied everything up to `one` holds another version than one that has up to `other`. */
  between(one: string, other: string, node: string): string[] {
    const [from, to] = isNewer(one, other) ? [other, one] : [one, other];
    const isPassed = (version: string) => isNewer(version, from) && !isNewer(version, to);
    const differing = [...this.#differing].filter(name =>
      isPassed(this.publishedFor(this.#refs.get(name) as RenderedRef, node)),
    );
    return [...this.#order.between(from, to), ...differing];
  }

  /** On which nodes a profile is as it is now; nothing where it is not published. */
  installation(profile: string, fleet: Pick<Fleet, 'members'>): Installation | undefined {
    const ref = this.#refs.get(profile);
    if (!ref) return undefined;
    const published = (node: string) => this.publishedFor(ref, node);
    return installationOf(profile, published, fleet.members(), node => this.expected(node));
  }

  /** Nodes that can be reached and may hold a profile still that is not published any more. */
  leaving(profile: string, fleet: Pick<Fleet, 'members'>): string[] {
    return leavingNodes(this.#goneAt.get(profile), fleet.members(), node => this.expected(node));
  }

  /** Nobody asks any more where a profile went that is published no more. */
  forget(profile: string): void {
    if (this.#goneAt.delete(profile)) this.#order.delete(profile);
  }

  /** Up to where a node has to have applied changes to hold this profile as it is now. */
  publishedFor({ resourceVersion, table }: RenderedRef, node: string): string {
    return table.length ? newer(resourceVersion, this.#toldAt(node)) : resourceVersion;
  }

  #toldAt(node: string): string {
    return this.#places.get(node)?.resourceVersion ?? this.#placesGone.get(node) ?? '0';
  }

  #digest(architecture: string, labels: Labels): string {
    const kind = JSON.stringify([architecture, labels]);
    const known = this.#digests.get(kind);
    if (known !== undefined) return known;
    const digest = bundleDigest(this.#files(architecture, labels));
    this.#digests.set(kind, digest);
    return digest;
  }

  *#files(architecture: string, labels: Labels): Iterable<[string, string]> {
    for (const [profile, { digests, table }] of this.#refs) {
      const key = pickKey(digests.keys(), table, architecture, labels);
      const digest = key && digests.get(key);
      if (digest) yield [profileFileName(profile), digest];
    }
  }

  #isNewPlace(place: PlaceRef): boolean {
    const known = this.#places.get(place.node);
    return !known || isNewer(place.resourceVersion, known.resourceVersion);
  }

  #isNews(ref: RenderedRef): boolean {
    const known = this.#refs.get(ref.profile);
    return !known || isNewer(ref.resourceVersion, known.resourceVersion);
  }

  #set(ref: RenderedRef): void {
    const { profile, resourceVersion, table } = ref;
    this.#refs.set(profile, ref);
    this.#goneAt.delete(profile);
    if (table.length) {
      this.#order.delete(profile);
      this.#differing.add(profile);
    } else {
      this.#order.set(profile, resourceVersion);
      this.#differing.delete(profile);
    }
    this.#changed(resourceVersion);
  }

  #changed(resourceVersion: string): void {
    this.#digests.clear();
    if (isNewer(resourceVersion, this.#changedAt)) this.#changedAt = resourceVersion;
  }
}

const newer = (a: string, b: string): string => (isNewer(a, b) ? a : b);
const isNewer = (a: string, b: string): boolean => compareResourceVersions(a, b) > 0;

/** The watch has told of this write, or of a later one. */
function confirm(unconfirmed: Map<string, string>, name: string, resourceVersion: string): void {
  if (!isNewer(unconfirmed.get(name) ?? '0', resourceVersion)) unconfirmed.delete(name);
}

/** Those written up to here, which are waited for no more. */
function takeMissed(unconfirmed: Map<string, string>, resourceVersion: string): string[] {
  const missed = [...unconfirmed].filter(([, written]) => !isNewer(written, resourceVersion)).map(([name]) => name);
  for (const name of missed) unconfirmed.delete(name);
  return missed;
}
