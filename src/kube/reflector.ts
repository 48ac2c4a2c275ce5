import { backoffDelay } from '../core/backoff.ts';
import { parseExact } from '../core/json/exact.ts';
import type { Log } from '../core/log.ts';
import { ApiError, isGone } from './errors.ts';
import type { KubeObject } from './objects.ts';
import type { Query, Transport } from './transport.ts';

/** One object that came, changed or went. */
export interface Change<K extends KubeObject, T> {
  /** `namespace/name`, or `name`. */
  readonly key: string;
  readonly type: 'added' | 'modified' | 'deleted';
  /** What is kept of it now; nothing when it is gone. */
  readonly item: T | undefined;
  readonly previous: T | undefined;
  /** The object as it was received; nothing where a list showed that it is gone. */
  readonly object?: K;
  readonly resourceVersion: string;
  /** Found by listing, not by watching. */
  readonly listed: boolean;
}

/** Called one at a time, and waited for before the next. What it throws is logged and otherwise ignored. */
export interface ReflectorHandler<K extends KubeObject, T> {
  changed(change: Change<K, T>): void | Promise<void>;
  /** A list was complete, and all that it changed has been delivered. */
  synced?(resourceVersion: string): void | Promise<void>;
  /** Everything up to here has been delivered. */
  progress?(resourceVersion: string): void;
}

export interface ReflectorOptions<K extends KubeObject, T> {
  readonly transport: Transport;
  readonly path: string;
  /** For log lines. */
  readonly name: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** What is kept in memory of each object. */
  readonly project: (object: K) => T;
  readonly handler: ReflectorHandler<K, T>;
  readonly log: Log;
  /** Bounds of a watch's life in seconds, drawn anew each time so that many clients do not come back together. */
  readonly watchSeconds?: readonly [number, number];
  /** The server sends a bookmark about once a minute; a watch that is silent for longer is dead. */
  readonly idleTimeoutMs?: number;
  /** After so long everything is listed again, in case an event was lost. */
  readonly relistAfterMs?: number;
  readonly random?: () => number;
}

interface Entry<T> {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly item: T;
}

interface WatchEvent<K> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: K;
}

const BACKOFF = { initialMs: 100, maxMs: 30_000 };
/** A watch that ends sooner was not served: it counts as a failure. */
const HEALTHY_MS = 1_000;
const COMPLAIN_EVERY_MS = 60_000;
const PAGE = 500;

/**
 * A local picture of a collection that follows the API server: a list, then a watch from its resourceVersion, resumed after
 * each end, listed anew when the server has forgotten that version. It never gives up, and what was deleted while it was
 * away is found by comparing lists: absence counts only after a complete one.
 *
 * Source: Kubernetes API concepts, "Efficient detection of changes"; streaming lists: KEP-3157.
 */
export class Reflector<K extends KubeObject, T> {
  readonly #options: ReflectorOptions<K, T>;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #items = new Map<string, T>();
  readonly #abort = new AbortController();
  readonly #random: () => number;
  #loop: Promise<void> | undefined;
  #resourceVersion: string | undefined;
  #listedAt = Number.NEGATIVE_INFINITY;
  #streamingList = true;
  /** Keys that the list in progress has shown; nothing while no list is in progress. */
  #listing: Set<string> | undefined;
  #lastContact = performance.now();
  #synced = Promise.withResolvers<void>();
  #isSynced = false;
  #complaint = { text: '', at: Number.NEGATIVE_INFINITY };

  constructor(options: ReflectorOptions<K, T>) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  get items(): ReadonlyMap<string, T> {
    return this.#items;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** When the server was heard last, on the clock of `performance.now()`. */
  get lastContact(): number {
    return this.#lastContact;
  }

  whenSynced(): Promise<void> {
    return this.#synced.promise;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** After this no handler is called. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopped; ) {
      const from = performance.now();
      const failed = await this.#attempt();
      failures = failed || performance.now() - from < HEALTHY_MS ? failures + 1 : 0;
      if (failures > 0 && !this.#stopped) await this.#pause(failures - 1, failed);
    }
  }

  get #stopped(): boolean {
    return this.#abort.signal.aborted;
  }

  /** One list or watch, to its end; what went wrong, if something did. */
  async #attempt(): Promise<Error | undefined> {
    try {
      if (this.#mustList()) await this.#list();
      else await this.#watch();
      return undefined;
    } catch (error) {
      if (this.#stopped) return undefined;
      this.#listing = undefined;
      if (isStale(error)) this.#resourceVersion = undefined;
      else this.#complain(error as Error);
      return error as Error;
    }
  }

  #mustList(): boolean {
    const { relistAfterMs = 3_600_000 } = this.#options;
    return this.#resourceVersion === undefined || performance.now() - this.#listedAt > relistAfterMs;
  }

  async #list(): Promise<void> {
    if (!this.#streamingList) return this.#listPages();
    try {
      await this.#streamList();
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      this.#streamingList = false;
      this.#options.log.info('the API server does not stream lists; using pages', { resource: this.#options.name });
      await this.#listPages();
    }
  }

  /** The list comes as events, ends with a marked bookmark, and goes on as a watch on the same connection. */
  async #streamList(): Promise<void> {
    this.#listing = new Set();
    await this.#stream({ sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' });
  }

  async #listPages(): Promise<void> {
    this.#listing = new Set();
    let resourceVersion = '';
    let next: string | undefined;
    do {
      const page = await this.#options.transport.request<{
        apiVersion: string;
        kind: string;
        metadata: { resourceVersion: string; continue?: string };
        items: K[];
      }>('GET', this.#options.path, {
        query: { ...this.#selectors, limit: PAGE, continue: next },
        signal: this.#abort.signal,
      });
      this.#lastContact = performance.now();
      for (const item of page.items) {
        // Lists leave out what the list itself says of its items.
        const object = { ...item, apiVersion: page.apiVersion, kind: page.kind.replace(/List$/, '') };
        await this.#take(object, object.metadata.resourceVersion ?? '');
      }
      resourceVersion = page.metadata.resourceVersion;
      next = page.metadata.continue;
    } while (next);
    await this.#completeList(resourceVersion);
  }

  async #watch(): Promise<void> {
    await this.#stream({ resourceVersion: this.#resourceVersion });
  }

  async #stream(start: Query): Promise<void> {
    const [least, most] = this.#options.watchSeconds ?? [240, 480];
    await this.#options.transport.stream(this.#options.path, {
      query: {
        ...this.#selectors,
        ...start,
        watch: true,
        allowWatchBookmarks: true,
        timeoutSeconds: Math.round(least + this.#random() * (most - least)),
      },
      signal: this.#abort.signal,
      idleTimeoutMs: this.#options.idleTimeoutMs ?? 90_000,
      onLine: line => this.#event(parseExact(line) as WatchEvent<K>),
    });
  }

  get #selectors(): Query {
    const { labelSelector, fieldSelector } = this.#options;
    return { labelSelector, fieldSelector };
  }

  async #event({ type, object }: WatchEvent<K>): Promise<void> {
    this.#lastContact = performance.now();
    if (type === 'ERROR') throw errorEvent(this.#options.path, object);
    const resourceVersion = object.metadata.resourceVersion ?? '';
    if (type === 'BOOKMARK') {
      const endsList = object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
      if (endsList) await this.#completeList(resourceVersion);
    } else if (type === 'DELETED') await this.#drop(keyOf(object), resourceVersion, object);
    else await this.#take(object, resourceVersion);
    // A list that is not complete is no point to resume from.
    if (!this.#listing) this.#proceed(resourceVersion);
  }

  async #completeList(resourceVersion: string): Promise<void> {
    const listed = this.#listing ?? new Set();
    for (const key of [...this.#entries.keys()]) if (!listed.has(key)) await this.#drop(key, resourceVersion);
    this.#listing = undefined;
    this.#listedAt = performance.now();
    this.#isSynced = true;
    await this.#handle('list', () => this.#options.handler.synced?.(resourceVersion));
    this.#synced.resolve();
    this.#proceed(resourceVersion);
  }

  #proceed(resourceVersion: string): void {
    this.#resourceVersion = resourceVersion;
    if (this.#complaint.text) this.#options.log.info('the API server answers again', { resource: this.#options.name });
    this.#complaint = { text: '', at: Number.NEGATIVE_INFINITY };
    this.#options.handler.progress?.(resourceVersion);
  }

  async #take(object: K, resourceVersion: string): Promise<void> {
    const key = keyOf(object);
    const { uid } = object.metadata;
    const known = this.#entries.get(key);
    this.#listing?.add(key);
    if (known && known.uid === uid && known.resourceVersion === resourceVersion) return;
    const item = this.#options.project(object);
    this.#entries.set(key, { uid, resourceVersion, item });
    this.#items.set(key, item);
    const type = known ? 'modified' : 'added';
    await this.#deliver({
      key,
      type,
      item,
      previous: known?.item,
      object,
      resourceVersion,
      listed: this.#listing !== undefined,
    });
  }

  async #drop(key: string, resourceVersion: string, object?: K): Promise<void> {
    const known = this.#entries.get(key);
    if (!known) return;
    this.#entries.delete(key);
    this.#items.delete(key);
    const found = object ? { object } : {};
    const listed = this.#listing !== undefined;
    await this.#deliver({
      key,
      type: 'deleted',
      item: undefined,
      previous: known.item,
      ...found,
      resourceVersion,
      listed,
    });
  }

  #deliver(change: Change<K, T>): Promise<void> {
    return this.#handle(change.key, () => this.#options.handler.changed(change));
  }

  async #handle(key: string, call: () => void | Promise<void>): Promise<void> {
    if (this.#stopped) return;
    try {
      await call();
    } catch (error) {
      this.#options.log.error('a change could not be handled', {
        resource: this.#options.name,
        key,
        error: (error as Error).stack,
      });
    }
  }

  #complain(error: Error): void {
    const now = performance.now();
    if (error.message === this.#complaint.text && now - this.#complaint.at < COMPLAIN_EVERY_MS) return;
    this.#complaint = { text: error.message, at: now };
    this.#options.log.warn('no watch; trying again', { resource: this.#options.name, error: error.message });
  }

  async #pause(attempt: number, failed: Error | undefined): Promise<void> {
    const asked = failed instanceof ApiError ? (failed.retryAfterMs ?? 0) : 0;
    const ms = Math.max(asked, backoffDelay(attempt, BACKOFF, this.#random));
    await new Promise<void>(resolve => {
      const timer = setTimeout(done, ms);
      const { signal } = this.#abort;
      signal.addEventListener('abort', done, { once: true });
      function done() {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }
}

function keyOf({ metadata }: KubeObject): string {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}

/** An event of type ERROR carries a Status instead of an object. */
function errorEvent(path: string, status: unknown): ApiError {
  const { code = 500 } = status as { code?: number };
  return new ApiError(`watch ${path}`, code, JSON.stringify(status));
}

/** The server cannot go on from our resourceVersion: it has forgotten it (410), or does not know it yet (etcd restored). */
function isStale(error: unknown): boolean {
  return isGone(error) || (error instanceof ApiError && /Too large resource version/i.test(error.message));
}

/** Refused as a request; etcd before 3.4.25 answers with an ERROR event (KEP-3157). */
function isUnsupported(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 400 || error.status === 422 || /RequestWatchProgress|sendInitialEvents/.test(error.message);
}
