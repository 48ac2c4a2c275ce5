import { type FSWatcher, watch } from 'node:fs';
import { lstat, readdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '../core/log.ts';
import { PROFILE_DIRECTORY } from '../core/names.ts';
import { digestOf } from '../core/profile/digest.ts';
import { isProfileFileName } from '../core/profile/file-name.ts';
import { type Fingerprint, type Found, readRegularFile, replaceFile, TEMPORARY_PREFIX } from './atomic-file.ts';
import { DirectoryHandle } from './directory-handle.ts';
import { HostError, type HostFailureReason, hostError, isMissing } from './errors.ts';
import { COPIES_DIRECTORY, InstalledCopies } from './installed-copies.ts';

export interface HostFailure {
  readonly reason: HostFailureReason;
  readonly message: string;
}

export type InstallResult = { readonly ok: true; readonly wrote: boolean } | ({ readonly ok: false } & HostFailure);

export interface CheckResult {
  readonly repaired: readonly string[];
  readonly failed: ReadonlyMap<string, HostFailure>;
}

/** Names that somebody touched; or the directory itself was replaced, and has to be opened anew. */
export type DirectoryChange = ReadonlySet<string> | 'directory';

interface Held {
  readonly digest: string;
  readonly fingerprint: Fingerprint;
}

/** Several changes to a file come together: an editor writes, renames and sets modes. */
const SETTLE_MS = 20;
const CONCURRENCY = 4;

/**
 * `<kubelet root>/seccomp/operator`: the files of this node, and the only place that is written to. Whole files replace
 * whole files; what somebody else put there is left alone; what somebody altered is repaired.
 */
export class ProfileDirectory {
  readonly #directory: DirectoryHandle;
  readonly #copies: InstalledCopies;
  readonly #log: Log;
  /** Files of ours that are on the disk, read back. */
  readonly #held = new Map<string, Held>();
  /** Names that are ours: those for which there is a copy. */
  readonly #owned: Set<string>;
  #watchers: FSWatcher[] = [];
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(directory: DirectoryHandle, copies: InstalledCopies, owned: Set<string>, log: Log) {
    this.#directory = directory;
    this.#copies = copies;
    this.#owned = owned;
    this.#log = log;
  }

  /** Finds what an earlier agent installed, and removes what it left half-done. Throws {@link HostError}. */
  static async open({ kubeletRoot, log }: { kubeletRoot: string; log: Log }): Promise<ProfileDirectory> {
    const root = await DirectoryHandle.open(`${kubeletRoot.replace(/\/+$/, '')}/seccomp`);
    let directory: DirectoryHandle | undefined;
    try {
      directory = await root.child(PROFILE_DIRECTORY);
      await removeTemporaries(directory);
      const copiesDirectory = await directory.child(COPIES_DIRECTORY);
      await removeTemporaries(copiesDirectory);
      const copies = new InstalledCopies(copiesDirectory);
      const found = await copies.list();
      const opened = new ProfileDirectory(directory, copies, new Set(found.keys()), log);
      for (const [name, digest] of found) await opened.#adopt(name, digest);
      return opened;
    } catch (error) {
      await directory?.close();
      throw hostError(error, `${root.path}/${PROFILE_DIRECTORY}`);
    } finally {
      await root.close();
    }
  }

  get path(): string {
    return this.#directory.path;
  }

  /** Digest of each file of ours that is on the disk. */
  installed(): ReadonlyMap<string, string> {
    return new Map([...this.#held].map(([name, { digest }]) => [name, digest]));
  }

  /** Names that are ours, also those whose file is not right at the moment. */
  owned(): ReadonlySet<string> {
    return this.#owned;
  }

  /** Writes those that are not on the disk yet. One that fails leaves its last good version, and the others alone. */
  install(files: ReadonlyMap<string, string>): Promise<Map<string, InstallResult>> {
    return this.#serially(async () => {
      const results = await this.#each(files.keys(), name => this.#install(name, files.get(name) as string));
      await this.#syncAfter(results);
      return results;
    });
  }

  /** Removes files of ours; one that is gone already is as good. */
  remove(fileNames: Iterable<string>): Promise<Map<string, InstallResult>> {
    return this.#serially(async () => {
      const results = await this.#each(fileNames, name => this.#remove(name));
      await this.#syncAfter(results);
      return results;
    });
  }

  /** Compares the disk with what was installed, byte for byte, and repairs. Without names: everything. */
  check(fileNames?: Iterable<string>): Promise<CheckResult> {
    return this.#serially(async () => {
      const names = fileNames ? [...fileNames].filter(name => this.#owned.has(name)) : [...this.#owned];
      const results = await this.#each(names, name => this.#repair(name));
      await this.#syncAfter(results);
      const failed = [...results].flatMap(([name, result]) => (result.ok ? [] : ([[name, result]] as const)));
      const repaired = [...results].flatMap(([name, result]) => (result.ok && result.wrote ? [name] : []));
      return { repaired, failed: new Map(failed) };
    });
  }

  /** Tells of changes that were not made through this object. */
  watch(listener: (change: DirectoryChange) => void): void {
    const touched = new Set<string>();
    let timer: NodeJS.Timeout | undefined;
    const settle = async () => {
      timer = undefined;
      const names = [...touched];
      touched.clear();
      if (!(await this.#directory.isCurrent())) return listener('directory');
      const foreign = await this.#changedByOthers(names);
      if (foreign.size) listener(foreign);
    };
    const touch = (name: string | null) => {
      if (name && !name.startsWith('.')) touched.add(name);
      timer ??= setTimeout(
        () =>
          void settle().catch(error =>
            this.#log.warn('the directory could not be looked at', { error: error.message }),
          ),
        SETTLE_MS,
      );
    };
    const own = watch(this.#directory.self, (_, name) => touch(name));
    const parent = watch(dirname(this.path), (_, name) => {
      if (name === PROFILE_DIRECTORY) touch(null);
    });
    this.#watchers = [own, parent];
    for (const watcher of this.#watchers) {
      watcher.on('error', error =>
        this.#log.warn('inotify failed; only the slow check finds drift now', { error: String(error) }),
      );
    }
  }

  async close(): Promise<void> {
    for (const watcher of this.#watchers) watcher.close();
    await this.#queue.catch(() => {});
    await this.#copies.close();
    await this.#directory.close();
  }

  async #install(name: string, text: string): Promise<boolean> {
    if (!isProfileFileName(name))
      throw new HostError('InvalidName', `${JSON.stringify(name)} is no name for a profile's file`);
    const digest = digestOf(text);
    const found = await readRegularFile(this.#directory.at(name));
    this.#refuseForeign(name, digest, found);
    const isThere = typeof found !== 'string' && digestOf(found.text) === digest;
    if ((await this.#copies.read(name)) !== text) await this.#copies.write(name, text);
    this.#owned.add(name);
    if (isThere) {
      this.#held.set(name, { digest, fingerprint: found.fingerprint });
      return false;
    }
    await replaceFile(this.#directory, name, text, true);
    await this.#readBack(name, digest);
    return true;
  }

  /** A name without a copy is not ours: it is taken over only where it holds the very bytes already. */
  #refuseForeign(name: string, digest: string, found: Found): void {
    const path = `${this.path}/${name}`;
    if (this.#owned.has(name) || found === 'missing') return;
    if (found === 'not a regular file') {
      throw new HostError(
        'NotARegularFile',
        `${path} is a directory, link or device, not ours: remove it; then it is installed by itself`,
      );
    }
    if (digestOf(found.text) !== digest) {
      throw new HostError(
        'ForeignFile',
        `${path} was put there by somebody else: move it away; then it is installed by itself`,
      );
    }
  }

  async #remove(name: string): Promise<boolean> {
    if (!this.#owned.has(name)) return false;
    await unlink(this.#directory.at(name)).catch(error => {
      if (!isMissing(error)) throw error;
    });
    await this.#copies.remove(name);
    this.#owned.delete(name);
    this.#held.delete(name);
    return true;
  }

  async #repair(name: string): Promise<boolean> {
    const copy = await this.#copies.read(name);
    const found = await readRegularFile(this.#directory.at(name));
    const digest = this.#held.get(name)?.digest ?? (copy === undefined ? undefined : digestOf(copy));
    if (typeof found !== 'string' && digest !== undefined && digestOf(found.text) === digest) {
      this.#held.set(name, { digest, fingerprint: found.fingerprint });
      if (copy === undefined) await this.#copies.write(name, found.text);
      return false;
    }
    this.#held.delete(name);
    if (copy === undefined)
      throw new HostError('IoError', `${this.path}/${name} was altered, and so was its copy: it is fetched anew`);
    await replaceFile(this.#directory, name, copy, true);
    await this.#readBack(name, digestOf(copy));
    return true;
  }

  async #readBack(name: string, digest: string): Promise<void> {
    const found = await readRegularFile(this.#directory.at(name));
    if (typeof found === 'string' || digestOf(found.text) !== digest) {
      throw new HostError(
        'VerifyFailed',
        `${this.path}/${name} does not read back as written: does somebody else write it, or does the disk fail?`,
      );
    }
    this.#held.set(name, { digest, fingerprint: found.fingerprint });
  }

  /** At the start: a file that is as its copy says is held. */
  async #adopt(name: string, digest: string | undefined): Promise<void> {
    const found = await readRegularFile(this.#directory.at(name));
    if (typeof found === 'string' || digest === undefined || digestOf(found.text) !== digest) return;
    this.#held.set(name, { digest, fingerprint: found.fingerprint });
  }

  async #changedByOthers(names: readonly string[]): Promise<Set<string>> {
    const changed = new Set<string>();
    await this.#queue.catch(() => {});
    for (const name of names) {
      const stat = await lstat(this.#directory.at(name), { bigint: true }).catch(() => undefined);
      const known = this.#held.get(name)?.fingerprint;
      if (stat?.ino !== known?.ino || stat?.ctimeNs !== known?.ctimeNs) changed.add(name);
    }
    return changed;
  }

  /** One operation at a time: two never work on the same name. */
  #serially<R>(operation: () => Promise<R>): Promise<R> {
    const result = this.#queue.catch(() => {}).then(operation);
    this.#queue = result;
    return result;
  }

  async #each(names: Iterable<string>, work: (name: string) => Promise<boolean>): Promise<Map<string, InstallResult>> {
    const results = new Map<string, InstallResult>();
    const iterator = names[Symbol.iterator]();
    const worker = async () => {
      for (let next = iterator.next(); !next.done; next = iterator.next()) {
        const name = next.value;
        try {
          results.set(name, { ok: true, wrote: await work(name) });
        } catch (error) {
          const { reason, message } = hostError(error, `${this.path}/${name}`);
          results.set(name, { ok: false, reason, message });
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    return results;
  }

  async #syncAfter(results: ReadonlyMap<string, InstallResult>): Promise<void> {
    if ([...results.values()].some(result => result.ok && result.wrote)) await this.#directory.sync();
  }
}

async function removeTemporaries(directory: DirectoryHandle): Promise<void> {
  for (const entry of await readdir(directory.self, { withFileTypes: true })) {
    if (entry.isFile() && entry.name.startsWith(TEMPORARY_PREFIX)) await unlink(directory.at(entry.name));
  }
}
