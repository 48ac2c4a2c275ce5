import { backoffDelay } from '../core/backoff.ts';
import type { NodeFacts, ProfileFailure } from '../core/fleet/own-report.ts';
import { type Labels, placeName, selectorFor } from '../core/fleet/place.ts';
import { readSpreadMs } from '../core/fleet/report-spread.ts';
import type { Log } from '../core/log.ts';
import { SPREAD_ANNOTATION } from '../core/names.ts';
import { profileFileName } from '../core/profile/file-name.ts';
import { compareResourceVersions } from '../core/resource-version.ts';
import { HostError } from '../host/errors.ts';
import { type DirectoryChange, ProfileDirectory } from '../host/profile-directory.ts';
import { resourcePath } from '../kube/objects.ts';
import { type Change, Reflector } from '../kube/reflector.ts';
import type { Transport } from '../kube/transport.ts';
import { CONTENDED, Drift } from './drift.ts';
import { Installer } from './installer.ts';
import { isOurs, isPlace, type Place, type RenderedConfigMap, textFor, type Wanted, wanted } from './rendered.ts';
import { Reporter } from './reporter.ts';

export interface AgentOptions {
  readonly transport: Transport;
  readonly node: string;
  readonly kubeletRoot: string;
  /** What a link in the place of our directory may say, to be replaced once every profile is there; empty: none is. */
  readonly replaceLink: string;
  readonly namespace: string;
  /** As Go names it. */
  readonly architecture: string;
  readonly version: string;
  /** Called when it has done something: brought news to the disk, or compared all that is there. */
  readonly worked?: () => void;
  readonly log: Log;
}

const RETRY = { initialMs: 1_000, maxMs: 60_000 };
/** Agents that start together ask for their lists one after another. */
const START_JITTER_MS = 500;
/** Everything is read and compared about so often, and the report looked up; inotify finds drift long before. */
const SLOW_CHECK_MS = 600_000;

/** One opened directory and the watch that fills it. */
interface Session {
  readonly directory: ProfileDirectory;
  readonly installer: Installer;
  readonly reflector: Reflector<RenderedConfigMap, Wanted | Place>;
}

/**
 * Brings the node's directory to what the rendered ConfigMaps say, keeps it so, and reports what is true. When the
 * directory was replaced it is opened anew, and everything is listed again.
 */
export class Agent {
  readonly #options: AgentOptions;
  readonly #collection: string;
  readonly #reporter: Reporter;
  readonly #failures = new Map<string, ProfileFailure>();
  readonly #drift: Drift;
  readonly #timers = new Set<NodeJS.Timeout>();
  #session: Session | undefined;
  #turn: Promise<void> = Promise.resolve();
  #trouble: { reason: string; message: string } | undefined;
  #seenTo: string | undefined;
  #appliedTo: string | undefined;
  /** resourceVersion of the newest change that was seen. */
  #changedAt = '0';
  /** A ConfigMap changed: the next `progress` says up to where. Bookmarks alone are nothing to report. */
  #hasChanged = false;
  #hasNews = false;
  /** What was installed when the directory was replaced. */
  #installedBefore: ReadonlyMap<string, string> = new Map();
  #attempts = 0;
  #retrying: { readonly timer: NodeJS.Timeout | undefined; readonly soon: boolean } | undefined;
  #stopped = false;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#collection = resourcePath({ group: '', version: 'v1', plural: 'configmaps', namespace: options.namespace });
    const { transport, node, log } = options;
    const isTroubled = () => this.#trouble !== undefined || this.#failures.size > 0;
    this.#reporter = new Reporter({ transport, node, log, facts: () => this.facts(), isTroubled });
    this.#drift = new Drift({
      directory: () => this.#session?.directory,
      profileOf: fileName => this.#wanted().find(item => item.fileName === fileName)?.profile,
      failures: this.#failures,
      later: (ms, step) => this.#later(ms, step),
      news: () => this.#reporter.request(),
      calm: () => {
        this.#hasNews = true;
        this.#applied();
      },
      log,
    });
  }

  start(): void {
    this.#next(() => this.#open());
    this.#slowCheckLater();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#turn;
    await this.#close();
    await this.#reporter.stop();
  }

  facts(): NodeFacts {
    return {
      agentVersion: this.#options.version,
      architecture: this.#options.architecture,
      installed: this.#session?.directory.installed() ?? new Map(),
      appliedTo: this.#appliedTo,
      changedAt: this.#undecided().length ? undefined : this.#changedAt,
      failures: this.#failures,
      trouble: this.#trouble,
      repairs: this.#drift.repairs,
    };
  }

  /** Why the node is not served; an API server that is away is no reason: files stay, and are repaired. */
  problem(): string | undefined {
    if (this.#trouble) return this.#trouble.message;
    return this.#appliedTo === undefined ? 'the first list of profiles is not complete' : undefined;
  }

  async #open(): Promise<void> {
    const { kubeletRoot, replaceLink, log } = this.#options;
    try {
      const directory = await ProfileDirectory.open({
        kubeletRoot,
        replaceLink,
        installedBefore: this.#installedBefore,
        log,
      });
      this.#trouble = directory.isVisible ? undefined : this.#hidden('the profiles are being written');
      const installer = new Installer(directory, this.#failures, log, () => this.#applied());
      this.#session = { directory, installer, reflector: this.#reflector(installer) };
      directory.watch(change => this.#next(() => this.#touched(change)));
      // What was altered while no agent ran is repaired even where the API server is away. All was read just now.
      await this.#checkDisk(directory.suspect());
      this.#session.reflector.start();
    } catch (error) {
      const { reason, message } = HostError.from(error, `${kubeletRoot}/seccomp`);
      if (this.#trouble?.message !== message)
        log.error('the directory cannot be used; trying again', { reason, error: message });
      this.#trouble = { reason, message };
      this.#reporter.request();
      this.#later(backoffDelay(this.#attempts++, RETRY), () => this.#open());
    }
  }

  async #close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#appliedTo = undefined;
    this.#changedAt = '0';
    this.#failures.clear();
    await session?.reflector.stop();
    await session?.installer.stop();
    await session?.directory.close();
  }

  #reflector(installer: Installer): Reflector<RenderedConfigMap, Wanted | Place> {
    const { transport, node, log } = this.#options;
    return new Reflector<RenderedConfigMap, Wanted | Place>({
      transport,
      path: this.#collection,
      name: 'rendered profiles',
      labelSelector: selectorFor(node),
      keep: isOurs,
      project: wanted,
      log,
      startJitterMs: START_JITTER_MS,
      handler: {
        changed: change => this.#changed(installer, change),
        synced: async () => {
          await this.#fetch(this.#undecided());
          this.#removeUnwanted(installer);
          // An etcd that was restored has an older report, too. Reported is once all of the list is applied.
          this.#reporter.forget();
        },
        progress: resourceVersion => {
          this.#seenTo = resourceVersion;
          this.#hasNews ||= this.#hasChanged;
          this.#hasChanged = false;
          this.#applied();
        },
      },
    });
  }

  async #changed(installer: Installer, change: Change<RenderedConfigMap, Wanted | Place>): Promise<void> {
    const { item, previous, object, resourceVersion } = change;
    this.#hasChanged = true;
    if (compareResourceVersions(resourceVersion, this.#changedAt) > 0) this.#changedAt = resourceVersion;
    if (object) this.#reporter.spread(readSpreadMs(object.metadata.annotations?.[SPREAD_ANNOTATION]));
    if (isPlace(item) || isPlace(previous)) {
      // Before the first list is complete nothing was decided by labels.
      if (this.#session?.reflector.isSynced) await this.#fetch(this.#undecided());
      return;
    }
    if (previous && previous.fileName !== item?.fileName) {
      this.#failures.delete(previous.profile);
      await this.#removed(installer, previous);
    }
    if (item && object && !this.#mustWait(item)) this.#order(installer, item, object);
    await installer.room();
  }

  /** `a` and `a.json` have one file: when one of them goes, it is the other's. */
  async #removed(installer: Installer, { profile, fileName }: Wanted): Promise<void> {
    const heir = this.#wanted().find(each => each.fileName === fileName);
    if (heir) await this.#fetch([heir]);
    else installer.put(fileName, { profile, remove: true });
  }

  /** What the node is told of its labels may be further down in the first list; on the disk is what it was told before. */
  #mustWait({ differs }: Wanted): boolean {
    return differs && !this.#session?.reflector.isSynced;
  }

  /** Profiles of which the node's labels decide what it holds. */
  #undecided(): Wanted[] {
    return this.#wanted().filter(item => item.differs);
  }

  #wanted(): Wanted[] {
    return [...(this.#session?.reflector.items.values() ?? [])].filter((item): item is Wanted => !isPlace(item));
  }

  #order(installer: Installer, item: Wanted, object: RenderedConfigMap): void {
    const text = textFor(this.#options.architecture, this.#labels(), item, object);
    if (typeof text === 'string') installer.put(item.fileName, { profile: item.profile, text });
    else this.#failures.set(item.profile, { digest: '', ...text });
  }

  #labels(): Labels {
    const { namespace, node } = this.#options;
    const place = this.#session?.reflector.items.get(`${namespace}/${placeName(node)}`);
    return isPlace(place) ? place.labels : {};
  }

  /** A list was complete: files of ours that nothing in it speaks of are left over from while no agent ran. */
  #removeUnwanted(installer: Installer): void {
    const { directory } = this.#session as Session;
    const files = new Set(this.#wanted().map(item => item.fileName));
    for (const fileName of directory.owned()) {
      if (!files.has(fileName)) installer.put(fileName, { profile: fileName.replace(/\.json$/, ''), remove: true });
    }
    this.#hasChanged = true;
  }

  /** Everything that was seen is on the disk, or among the failures. */
  #applied(): void {
    const session = this.#session;
    if (!session?.reflector.isSynced || session.installer.isBusy || this.#seenTo === undefined) return;
    if (!session.directory.isVisible) this.#next(() => this.#takePlace());
    else if (this.#hasNews) {
      this.#hasNews = false;
      if (this.#appliedTo === undefined) {
        const [installed, failed] = [session.directory.installed().size, this.#failures.size];
        this.#options.log.info('all that was listed is applied', { installed, failed });
      }
      this.#appliedTo = this.#seenTo;
      this.#reporter.request();
      this.#options.worked?.();
    }
    if (this.#canRetry) this.#retryLater();
    else this.#attempts = 0;
  }

  /** Another operator's link goes only when nothing that a Pod could name is missing here. */
  async #takePlace(): Promise<void> {
    const session = this.#session;
    if (!session || session.directory.isVisible || session.installer.isBusy) return;
    const { directory } = session;
    if (this.#wanted().length === 0) return this.#waitHidden('there is no profile yet');
    if (this.#failures.size) return this.#waitHidden(`${this.#failures.size} profiles are not installed`);
    try {
      await directory.takePlace();
    } catch (error) {
      return this.#waitHidden((error as Error).message);
    }
    this.#options.log.info('another operator’s link was replaced', { path: directory.path });
    this.#trouble = undefined;
    this.#hasNews = true;
    this.#applied();
  }

  #waitHidden(why: string): void {
    const trouble = this.#hidden(why);
    if (this.#trouble?.message === trouble.message) return;
    this.#trouble = trouble;
    this.#reporter.request();
  }

  #hidden(why: string) {
    const message = `another operator’s link to ${this.#options.replaceLink} is in place and stays meanwhile: ${why}`;
    return { reason: 'DirectoryForeign', message };
  }

  /** Soon: something has changed in its place, so that how often it failed before says nothing. */
  #retryLater(soon = false): void {
    if (this.#retrying && (this.#retrying.soon || !soon)) return;
    this.#cancel(this.#retrying?.timer);
    if (soon) this.#attempts = 0;
    const timer = this.#later(backoffDelay(this.#attempts++, RETRY), async () => {
      this.#retrying = undefined;
      await this.#retry();
    });
    this.#retrying = { timer, soon };
  }

  /** What is fought over is put right from its copy, and is nothing to fetch. */
  get #canRetry(): boolean {
    return [...this.#failures.values()].some(({ reason }) => reason !== CONTENDED);
  }

  #hasFailed(profile: string): boolean {
    return this.#failures.has(profile) && this.#failures.get(profile)?.reason !== CONTENDED;
  }

  async #retry(): Promise<void> {
    await this.#fetch(this.#wanted().filter(item => this.#hasFailed(item.profile)));
    // A removal that failed is in no list any more.
    if (this.#session?.reflector.isSynced) this.#removeUnwanted(this.#session.installer);
    this.#hasNews = true;
    this.#applied();
  }

  /**
   * Fetches these and orders them: no text is kept in memory meanwhile. What cannot be fetched is tried again; what has
   * changed or gone meanwhile the watch has told already.
   */
  async #fetch(items: readonly Wanted[]): Promise<void> {
    for (const item of items) {
      try {
        const path = `${this.#collection}/${item.configMap}`;
        const object = await this.#options.transport.request<RenderedConfigMap>('GET', path);
        const session = this.#session;
        if (!session) return;
        if (!this.#isCurrent(item)) continue;
        this.#order(session.installer, item, object);
        await session.installer.room();
      } catch (error) {
        if (!this.#isCurrent(item)) continue;
        const message = `its ConfigMap could not be read: ${(error as Error).message}; trying again`;
        if (!this.#failures.has(item.profile))
          this.#failures.set(item.profile, { digest: '', reason: 'NotFetched', message });
      }
    }
  }

  #isCurrent(item: Wanted): boolean {
    return this.#session?.reflector.items.get(`${this.#options.namespace}/${item.configMap}`) === item;
  }

  async #touched(change: DirectoryChange): Promise<void> {
    if (change === 'directory') return this.#reopen();
    const session = this.#session;
    if (!session) return;
    await this.#checkDisk(change.fileNames);
    // Perhaps what stood in a file's place has gone.
    const failed = [...this.#failures.keys()].filter(profile => this.#hasFailed(profile));
    if (failed.some(profile => change.fileNames.has(profileFileName(profile)))) this.#retryLater(true);
  }

  async #reopen(): Promise<void> {
    this.#options.log.warn('the directory was replaced or removed; opening it anew', {
      path: this.#session?.directory.path,
    });
    this.#installedBefore = this.#session?.directory.installed() ?? this.#installedBefore;
    await this.#close();
    await this.#open();
  }

  /** Agents that were started together ask for their reports one after another. */
  #slowCheckLater(): void {
    this.#later(SLOW_CHECK_MS * (0.5 + Math.random()), async () => {
      this.#slowCheckLater();
      await this.#checkDisk();
      this.#reporter.forget();
      this.#reporter.request();
    });
  }

  async #checkDisk(fileNames?: ReadonlySet<string>): Promise<void> {
    await this.#drift.check(fileNames);
    this.#options.worked?.();
    if (this.#canRetry) this.#retryLater();
  }

  /** Steps that touch the session run one after another. */
  #next(step: () => Promise<void>): void {
    this.#turn = this.#turn.then(async () => {
      if (this.#stopped) return;
      await step().catch(error => this.#options.log.error('a step failed', { error: (error as Error).stack }));
    });
  }

  #later(ms: number, step: () => Promise<void>): NodeJS.Timeout | undefined {
    if (this.#stopped) return undefined;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#next(step);
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  #cancel(timer: NodeJS.Timeout | undefined): void {
    if (!timer) return;
    clearTimeout(timer);
    this.#timers.delete(timer);
  }
}
