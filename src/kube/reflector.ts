import { backoffDelay } from '../core/backoff.ts';
import type { Log } from '../core/log.ts';
import { compareResourceVersions } from '../core/resource-version.ts';
import { type Change, Collection } from './collection.ts';
import { ApiError, isAnswer, isFromTheFuture, isGone, isSilence } from './errors.ts';
import type { KubeObject } from './objects.ts';
import { pause } from './pause.ts';
import type { Query, Transport } from './transport.ts';
import { TroubleLog } from './trouble-log.ts';
import { readWatchEvent } from './watch-event.ts';

export type { Change } from './collection.ts';

/**
 * Told of what happens, one call at a time: the next waits for the promise of the one before, and so does the reading from
 * the server. What a handler throws is logged and forgotten.
 */
export interface ReflectorHandler<K extends KubeObject, T> {
  /** `items` holds the change already. */
  changed(change: Change<K, T>): void | Promise<void>;
  /** A list is complete; what it showed to be gone has been told. */
  synced?(resourceVersion: string): void | Promise<void>;
  /** All that happened up to this resourceVersion has been told. */
  progress?(resourceVersion: string): void;
}

export interface ReflectorOptions<K extends KubeObject, T> {
  readonly transport: Transport;
  /** Path of the collection. */
  readonly path: string;
  /** For log lines. */
  readonly name: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** What to keep of an object. */
  project(object: K): T;
  /** False for an object of no interest: it is as if it were not there, and takes no memory. */
  keep?(object: K): boolean;
  readonly handler: ReflectorHandler<K, T>;
  readonly log: Log;
  readonly random?: () => number;
  /** The first list waits for a random part of this: many clients that start together spread out. */
  readonly startJitterMs?: number;
  /** A watch asks to be ended after a random time between these, in seconds: reconnections spread over the servers. */
  readonly watchSeconds?: readonly [least: number, most: number];
  /** A watch without a byte for so long is dead; bookmarks come about once a minute. */
  readonly idleTimeoutMs?: number;
  /** When the last list is about that old, a watch that ended is followed by a list instead of being resumed. */
  readonly relistAfterMs?: number;
  /**
   * After a connection was lost, a list follows when half of this has gone by, or up to all of it. The server may have been away
   * because its etcd was restored: one that has come as far since as we had takes up our watch without a sign of it.
   */
  readonly relistSpreadMs?: number;
  /** Ask for the list as a stream (KEP-3157), which spares the server's memory; given up where it is not served. */
  readonly streamingList?: boolean;
  /** Objects in a page of a list that is no stream. */
  readonly pageSize?: number;
}

interface ListPage<K> {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly Omit<K, 'apiVersion' | 'kind'>[];
}

const BACKOFF = { initialMs: 500, maxMs: 30_000 };

/** A connection that lived shorter counts as a failure even when it ended in order: or we would spin. */
const SHORT_LIVED_MS = 1_000;

/** A connection that lived so long was healthy: what comes next starts with the shortest delay. */
const HEALTHY_MS = 5_000;

/**
 * Keeps a picture of one collection and tells of its changes. It lists, watches from there, takes up a watch that ended
 * where it ended, and lists again when the server does not remember that far back. It goes on until it is stopped, whatever
 * the server answers.
 */
export class Reflector<K extends KubeObject, T> {
  readonly #options: ReflectorOptions<K, T>;
  readonly #random: () => number;
  readonly #collection: Collection<K, T>;
  readonly #trouble: TroubleLog;
  readonly #stopped = new AbortController();
  readonly #firstSync = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;
  #resourceVersion = '';
  #isSynced = false;
  #mustList = true;
  #relistAt = 0;
  #streamingList: boolean;
  #lastContact = performance.now();
  /** Watches in a row that ended because nothing came. */
  #silences = 0;

  constructor(options: ReflectorOptions<K, T>) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#collection = new Collection(
      object => options.project(object),
      object => options.keep?.(object) ?? true,
    );
    this.#trouble = new TroubleLog(options.log, 'watch', { resource: options.name });
    this.#streamingList = options.streamingList ?? true;
    // Nobody has to wait for it.
    this.#firstSync.promise.catch(() => {});
  }

  /** What is kept of each object, by `namespace/name` or name; one Map for the whole life. */
  get items(): ReadonlyMap<string, T> {
    return this.#collection.items;
  }

  /** How far the picture has come; empty before the first list. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  /** True once a list was complete. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** When the server was last heard, on the clock of `performance.now()`; the time of creation before that. */
  get lastContact(): number {
    return this.#lastContact;
  }

  /** Resolves after the first `synced`; rejects when the reflector is stopped before. */
  whenSynced(): Promise<void> {
    return this.#firstSync.promise;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when a handler call under way has ended; none follows. Not to be awaited inside of one. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    this.#firstSync.reject(new Error(`${this.#options.name}: stopped before the first list was complete`));
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    await pause((this.#options.startJitterMs ?? 0) * this.#random(), signal);
    for (let failures = 0; !signal.aborted; ) {
      const { error, livedMs } = await this.#session();
      if (signal.aborted) return;
      if (livedMs >= HEALTHY_MS) failures = 0;
      if (error === undefined && livedMs >= SHORT_LIVED_MS) continue;
      if (isSilence(error) && (await this.#hasNothingToTell())) continue;
      if (error !== undefined && !isAnswer(error)) this.#listSoon();
      this.#judge(error);
      await pause(this.#delay(error, failures++), signal);
    }
  }

  /** Lists if there is need to, then watches to the end of the connection; tells how it ended. */
  async #session(): Promise<{ error?: unknown; livedMs: number }> {
    let openedAt: number | undefined;
    const opened = () => {
      openedAt ??= performance.now();
    };
    const livedMs = () => (openedAt === undefined ? 0 : performance.now() - openedAt);
    try {
      if (!this.#mustList && performance.now() < this.#relistAt) await this.#watch(opened);
      else if (this.#streamingList) await this.#streamListAndWatch(opened);
      else {
        await this.#listPages();
        await this.#watch(opened);
      }
      return { livedMs: livedMs() };
    } catch (error) {
      return { error, livedMs: livedMs() };
    }
  }

  /** KEP-3157: every object as an event, a marked bookmark, and the connection goes on as the watch. */
  async #streamListAndWatch(opened: () => void): Promise<void> {
    this.#beginList();
    try {
      await this.#stream({ sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }, opened);
    } catch (error) {
      if (!this.#mustList || !isWithoutStreamingLists(error)) throw error;
      this.#streamingList = false;
      this.#options.log.info('no streaming lists here, listing by pages', { resource: this.#options.name });
      await this.#listPages();
      await this.#watch(opened);
    }
  }

  async #listPages(): Promise<void> {
    const { transport, path, pageSize = 500 } = this.#options;
    this.#beginList();
    let page: ListPage<K> | undefined;
    do {
      const query = { ...this.#selectors, limit: pageSize, continue: page?.metadata.continue || undefined };
      page = await transport.request<ListPage<K>>('GET', path, { query, signal: this.#stopped.signal });
      this.#lastContact = performance.now();
      // Only the list says what its items are.
      const type = { apiVersion: page.apiVersion ?? '', kind: page.kind?.replace(/List$/, '') ?? '' };
      for (const item of page.items) await this.#take({ ...type, ...item } as K);
    } while (page.metadata.continue);
    await this.#completeList(page.metadata.resourceVersion);
  }

  async #watch(opened: () => void): Promise<void> {
    await this.#stream({ resourceVersion: this.#resourceVersion }, opened);
  }

  async #stream(from: Query, opened: () => void): Promise<void> {
    const { transport, path, idleTimeoutMs = 90_000, watchSeconds: [least, most] = [240, 480] } = this.#options;
    const untilList = this.#mustList ? Number.POSITIVE_INFINITY : (this.#relistAt - performance.now()) / 1000;
    const timeoutSeconds = Math.ceil(Math.min(least + (most - least) * this.#random(), untilList));
    await transport.stream(path, {
      query: { ...this.#selectors, ...from, watch: true, allowWatchBookmarks: true, timeoutSeconds },
      signal: this.#stopped.signal,
      idleTimeoutMs,
      onContact: () => {
        opened();
        this.#lastContact = performance.now();
      },
      onLine: line => this.#event(line),
    });
  }

  get #selectors(): Query {
    const { labelSelector, fieldSelector } = this.#options;
    return { labelSelector, fieldSelector };
  }

  async #event(line: string): Promise<void> {
    const event = readWatchEvent<K>(line, `watch ${this.#options.path}`);
    const { resourceVersion } = event;
    this.#silences = 0;
    this.#checkOrder(resourceVersion);
    if (event.type === 'BOOKMARK') {
      if (event.endsList) await this.#completeList(resourceVersion);
    } else if (event.type === 'DELETED') {
      await this.#tell(this.#collection.remove(event.object, resourceVersion));
    } else {
      await this.#take(event.object);
    }
    if (!this.#mustList) this.#progress(resourceVersion);
    this.#trouble.recovered();
  }

  /** A watch goes forward; the objects of a list come in any order. Going back means another etcd, or an older one. */
  #checkOrder(resourceVersion: string): void {
    if (this.#mustList || compareResourceVersions(resourceVersion, this.#resourceVersion) >= 0) return;
    this.#mustList = true;
    throw new Error(`the server went back from resourceVersion ${this.#resourceVersion} to ${resourceVersion}`);
  }

  /**
   * After a silence. Where etcd runs without `--watch-progress-notify-interval` (kubeadm sets it), a cluster in which nothing
   * changes sends no bookmarks either. One object of a list tells, at a small cost, whether the server lives, and how far it
   * is: not as far as we are when its etcd was restored, after which it takes up our watch without a word until it has come
   * that far again. Being asked makes it send bookmarks: where the next watch is silent as well, something else is wrong.
   */
  async #hasNothingToTell(): Promise<boolean> {
    this.#silences += 1;
    this.#mustList ||= this.#silences > 1;
    if (this.#mustList) return false;
    const { transport, path } = this.#options;
    try {
      const query = { ...this.#selectors, limit: 1 };
      const page = await transport.request<ListPage<K>>('GET', path, { query, signal: this.#stopped.signal });
      this.#lastContact = performance.now();
      this.#mustList = compareResourceVersions(page.metadata.resourceVersion, this.#resourceVersion) < 0;
      return !this.#mustList;
    } catch {
      return false;
    }
  }

  #listSoon(): void {
    const { relistSpreadMs = 60_000 } = this.#options;
    this.#relistAt = Math.min(this.#relistAt, performance.now() + (relistSpreadMs / 2) * (1 + this.#random()));
  }

  #beginList(): void {
    this.#mustList = true;
    this.#collection.beginList();
  }

  async #completeList(resourceVersion: string): Promise<void> {
    for (const change of this.#collection.completeList(resourceVersion)) await this.#tell(change);
    if (this.#stopped.signal.aborted) return;
    this.#mustList = false;
    const { relistAfterMs = 3_600_000, handler } = this.#options;
    this.#relistAt = performance.now() + relistAfterMs * (0.9 + 0.2 * this.#random());
    this.#isSynced = true;
    await this.#isolated('', () => handler.synced?.(resourceVersion));
    this.#progress(resourceVersion);
    this.#firstSync.resolve();
    this.#trouble.recovered();
  }

  async #take(object: K): Promise<void> {
    let change: Change<K, T> | undefined;
    await this.#isolated(object.metadata.name, () => {
      change = this.#collection.take(object);
    });
    await this.#tell(change);
  }

  async #tell(change: Change<K, T> | undefined): Promise<void> {
    if (change) await this.#isolated(change.key, () => this.#options.handler.changed(change));
  }

  #progress(resourceVersion: string): void {
    if (this.#stopped.signal.aborted || this.#resourceVersion === resourceVersion) return;
    this.#resourceVersion = resourceVersion;
    try {
      this.#options.handler.progress?.(resourceVersion);
    } catch (error) {
      this.#logHandlerError('', error);
    }
  }

  async #isolated(key: string, call: () => void | Promise<void>): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    try {
      const pending = call();
      if (pending) await pending;
    } catch (error) {
      this.#logHandlerError(key, error);
    }
  }

  #logHandlerError(key: string, error: unknown): void {
    const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#options.log.error('handler of a watch failed', { resource: this.#options.name, key, error: problem });
  }

  #judge(error: unknown): void {
    this.#collection.abandonList();
    if (isGone(error) || isFromTheFuture(error)) this.#mustList = true;
    this.#trouble.report(error === undefined ? 'the server ended it at once' : messageOf(error));
  }

  #delay(error: unknown, failures: number): number {
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, backoffDelay(failures, BACKOFF, this.#random));
  }
}

/**
 * Refused as an unknown or forbidden parameter by servers without the feature; etcd before 3.4.25 lets the watch begin and
 * fails it with an ERROR event.
 */
function isWithoutStreamingLists(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 400 || error.status === 422 || error.message.includes('RequestWatchProgress');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
