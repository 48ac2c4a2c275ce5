import { hash } from 'node:crypto';
import { type KubeObject, objectKey } from './objects.ts';

/** One object that came, changed or went. */
export interface Change<K extends KubeObject, T> {
  /** `namespace/name`, or the name where there is no namespace. */
  readonly key: string;
  /** An object that was deleted and made anew between two looks is `modified`: its uid differs. */
  readonly type: 'added' | 'modified' | 'deleted';
  /** What is kept of it now; undefined once it is deleted. */
  readonly item: T | undefined;
  /** What was kept of it before. */
  readonly previous: T | undefined;
  /** As received; absent where a list showed that it is gone. */
  readonly object?: K;
  /** Version of the object; of the list, or of the deletion, once it is deleted. */
  readonly resourceVersion: string;
  /** Part of a list, not of the watch that follows it. */
  readonly initial: boolean;
}

/**
 * What is known of a collection's objects. It takes what lists and watches say and answers with what changed: nothing for
 * an object that is as it was, and absence counts only at the end of a list that was begun here.
 */
export class Collection<K extends KubeObject, T> {
  readonly items = new Map<string, T>();
  readonly #project: (object: K) => T;
  readonly #keep: (object: K) => boolean;
  /** Whether an object is the one we know, see {@link identityOf}. */
  readonly #versions = new Map<string, string>();
  /** Keys that the list under way has shown. */
  #listed: Set<string> | undefined;

  /** An object that is not kept is one that is not there. */
  constructor(project: (object: K) => T, keep: (object: K) => boolean = () => true) {
    this.#project = project;
    this.#keep = keep;
  }

  beginList(): void {
    this.#listed = new Set();
  }

  /** What a list that failed midway showed is true; what it did not show means nothing. */
  abandonList(): void {
    this.#listed = undefined;
  }

  /** Throws what `project` or `keep` throws; then the object stays as it was known before. */
  take(object: K): Change<K, T> | undefined {
    const key = objectKey(object.metadata);
    if (!this.#keep(object)) return this.#drop(key, object.metadata.resourceVersion ?? '');
    this.#listed?.add(key);
    const { resourceVersion = '' } = object.metadata;
    const version = identityOf(object);
    if (this.#versions.get(key) === version) return undefined;
    const item = this.#project(object);
    const type = this.items.has(key) ? 'modified' : 'added';
    const previous = this.items.get(key);
    this.items.set(key, item);
    this.#versions.set(key, version);
    return { key, type, item, previous, object, resourceVersion, initial: this.#listed !== undefined };
  }

  remove(object: K, resourceVersion: string): Change<K, T> | undefined {
    const change = this.#drop(objectKey(object.metadata), resourceVersion);
    return change && { ...change, object };
  }

  /** Ends a list that was complete; yields the objects that are gone, each removed just before. */
  *completeList(resourceVersion: string): Generator<Change<K, T>, void> {
    const seen = this.#listed ?? new Set();
    for (const key of [...this.items.keys()]) {
      const change = seen.has(key) ? undefined : this.#drop(key, resourceVersion);
      if (change) yield change;
    }
    this.#listed = undefined;
  }

  #drop(key: string, resourceVersion: string): Change<K, T> | undefined {
    if (!this.items.has(key)) return undefined;
    const previous = this.items.get(key);
    this.items.delete(key);
    this.#versions.delete(key);
    return { key, type: 'deleted', item: undefined, previous, resourceVersion, initial: this.#listed !== undefined };
  }
}

/**
 * Its resourceVersion would do, but for an etcd that was restored: that one gives the same numbers to another history. Lists
 * and watches say apart from each other what kind an object is, so that counts for nothing.
 */
function identityOf({ apiVersion, kind, ...object }: KubeObject): string {
  return hash('sha1', JSON.stringify(object), 'base64');
}
