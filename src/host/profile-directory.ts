import type { Log } from '../core/log.ts';
import { digestOf } from '../core/profile/digest.ts';
import { isProfileFileName } from '../core/profile/file-name.ts';
import {
  type Fingerprint,
  type Found,
  readEntry,
  readFingerprint,
  removeEntry,
  removeTemporaries,
  replaceFile,
} from './atomic-file.ts';
import { forEachLimited, Serial } from './concurrency.ts';
import { closeChain, type DirectoryChain, isInPlace, moved, openChain, takePlace } from './directory-chain.ts';
import { DirectoryWatcher } from './directory-watcher.ts';
import { HostError, type HostFailureReason } from './errors.ts';
import { InstalledCopies } from './installed-copies.ts';

/** `wrote` is false where the disk was right already. */
export type InstallResult = { ok: true; wrote: boolean } | { ok: false; reason: HostFailureReason; message: string };

export interface CheckResult {
  /** Files that were altered or gone, and are right again. */
  readonly repaired: string[];
  readonly failed: Map<string, { reason: HostFailureReason; message: string }>;
}

/** Names at which something changed that we did not do; or the directory itself was replaced, moved or deleted. */
export type DirectoryChange = { fileNames: ReadonlySet<string> } | 'directory';

/** A file that is ours. Digests of 71 characters and a short text: the profiles themselves stay on the disk. */
interface Owned {
  /** Of the private copy: what the file should hold. Undefined where the copy is torn. */
  intended: string | undefined;
  /** Of the file, as last read back. Undefined where it is gone or altered. */
  verified: { digest: string; fingerprint: Fingerprint } | undefined;
  /** Of the private copy, as last written or seen. */
  copy: Fingerprint | undefined;
}

/** Files at a time: enough to keep a disk's queue busy, few enough for a small heap. */
const CONCURRENCY = 4;

/**
 * The profiles in `<kubelet-root>/seccomp/operator`: written as a whole, read back, and repaired from a private copy each.
 * A file in place that is not ours is never touched. Operations run one after another, in the order of the calls.
 */
export class ProfileDirectory {
  /** The directory as the node knows it. */
  readonly path: string;
  #chain: DirectoryChain;
  readonly #replaceLink: string;
  readonly #copies: InstalledCopies;
  readonly #log: Log;
  readonly #owned = new Map<string, Owned>();
  readonly #serial = new Serial();
  #watcher: DirectoryWatcher | undefined;
  #listener: ((change: DirectoryChange) => void) | undefined;
  /** A write failed, and so may have the removal of its temporary file. */
  #mayHaveLitter = false;

  private constructor(chain: DirectoryChain, replaceLink: string, log: Log) {
    this.path = chain.profiles.path;
    this.#chain = chain;
    this.#replaceLink = replaceLink;
    this.#copies = new InstalledCopies(chain.copies);
    this.#log = log;
  }

  /**
   * Opens the directory, made when missing, and reads what is ours there; `check()` repairs what is not right.
   * Throws a HostError, among them DirectoryForeign for a directory that another operator has put a link for; unless that
   * link says `replaceLink`: then everything is made ready beside it, for `takePlace()`.
   *
   * `installedBefore`: what an earlier opening had `installed()`. A file of that content is ours also where somebody has
   * removed its private copy.
   */
  static async open(options: {
    kubeletRoot: string;
    replaceLink?: string;
    installedBefore?: ReadonlyMap<string, string>;
    log: Log;
  }): Promise<ProfileDirectory> {
    const { kubeletRoot, replaceLink = '', installedBefore = new Map(), log } = options;
    const chain = await openChain(kubeletRoot, replaceLink);
    const directory = new ProfileDirectory(chain, replaceLink, log);
    try {
      await directory.#removeTemporaries();
      await directory.#load();
      await directory.#recognise(installedBefore);
      return directory;
    } catch (error) {
      await closeChain(chain);
      throw HostError.from(error, directory.path);
    }
  }

  /** Do container runtimes find what is installed here? */
  get isVisible(): boolean {
    return this.#chain.entrance !== 'none';
  }

  /** Replaces another operator's link by one to this directory, in one step. Throws a HostError. */
  takePlace(): Promise<void> {
    return this.#serial.run(async () => {
      this.#chain = await takePlace(this.#chain, this.#replaceLink);
    });
  }

  /** Every file that is ours, by name, right or not: what `remove` would remove. */
  owned(): ReadonlySet<string> {
    return new Set(this.#owned.keys());
  }

  /** File name -> digest, of the files that are ours and were right when last read back. */
  installed(): ReadonlyMap<string, string> {
    const verified = new Map<string, string>();
    for (const [fileName, file] of this.#owned) if (file.verified) verified.set(fileName, file.verified.digest);
    return verified;
  }

  /** Files that are ours and were not right when last read: altered, gone, or without their copy. */
  suspect(): ReadonlySet<string> {
    return new Set([...this.#owned].filter(([, file]) => !file.verified).map(([fileName]) => fileName));
  }

  /** Puts files in place: file name -> text. One that fails leaves its last good file and never fails another. */
  install(files: ReadonlyMap<string, string>): Promise<Map<string, InstallResult>> {
    return this.#serial.run(() => this.#install(files));
  }

  /** Removes files. One that is gone already, or never was ours, is a success: nothing of ours is left. */
  remove(fileNames: Iterable<string>): Promise<Map<string, InstallResult>> {
    const names = [...fileNames];
    return this.#serial.run(() => this.#remove(names));
  }

  /** Reads files that are ours (all, unless named) and repairs what is not as it should be. */
  check(fileNames?: Iterable<string>): Promise<CheckResult> {
    const names = fileNames && [...fileNames];
    return this.#serial.run(() => this.#check(names ?? [...this.#owned.keys()]));
  }

  /**
   * Reports changes, gathered for 20 ms. Also names that are not ours: what blocked a file's place may be gone. Our own
   * writes are not reported. After 'directory' nothing more comes: close this one and open another.
   *
   * Best effort, since inotify(7) may be exhausted or overflow: a slow `check()` of all has to complete it. That, like every
   * other operation, reports 'directory' too.
   */
  watch(listener: (change: DirectoryChange) => void): void {
    this.#watcher?.close();
    this.#listener = listener;
    this.#watcher = new DirectoryWatcher(this.#chain, this.#log, (fileNames, mayHaveMoved) =>
      this.#serial.run(async () => {
        if (mayHaveMoved && !(await this.#isInPlace())) return;
        const changed = await this.#changedByOthers(fileNames);
        if (changed.size > 0) listener({ fileNames: changed });
      }),
    );
  }

  /** Ends the watch, waits for what is under way and lets go of the directory. */
  close(): Promise<void> {
    this.#watcher?.close();
    this.#listener = undefined;
    return this.#serial.run(() => closeChain(this.#chain));
  }

  /** Whoever finds the directory gone says so, once: inotify may have missed it. */
  async #isInPlace(): Promise<boolean> {
    if (await isInPlace(this.#chain, this.#replaceLink)) return true;
    this.#watcher?.close();
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.('directory');
    return false;
  }

  async #removeTemporaries(): Promise<void> {
    try {
      await removeTemporaries(this.#chain.profiles);
      await this.#copies.removeTemporaries();
    } catch (error) {
      // Litter harms nobody, and a read-only file system still has its good files.
      this.#log.warn('temporary files are left', { error: HostError.from(error, this.path).message });
    }
  }

  /** Once the disk works again: nobody else would remove them before the next start. */
  async #cleanUp(results: ReadonlyMap<string, InstallResult>): Promise<void> {
    const failed = [...results.values()].some(({ ok }) => !ok);
    if (this.#mayHaveLitter && !failed) await this.#removeTemporaries();
    this.#mayHaveLitter = failed;
  }

  async #load(): Promise<void> {
    await forEachLimited(await this.#copies.names(), CONCURRENCY, async fileName => {
      const copy = await this.#copies.read(fileName);
      const intended = copy.state === 'whole' ? copy.digest : undefined;
      const file: Owned = { intended, copy: await this.#copies.fingerprint(fileName), verified: undefined };
      this.#owned.set(fileName, file);
      const found = await this.#readOwned(fileName);
      if (intended !== undefined && digestIfSound(found) === intended) file.verified = verifiedOf(found);
    });
  }

  async #recognise(installedBefore: ReadonlyMap<string, string>): Promise<void> {
    const unknown = [...installedBefore].filter(([fileName]) => !this.#owned.has(fileName));
    await forEachLimited(unknown, CONCURRENCY, async ([fileName, digest]) => {
      const found = await this.#readOwned(fileName);
      if (digestIfSound(found) !== digest || found.kind !== 'file') return;
      const file: Owned = { intended: digest, copy: undefined, verified: verifiedOf(found) };
      await this.#writeCopy(fileName, file, found.text as string);
      this.#owned.set(fileName, file);
    });
  }

  async #install(files: ReadonlyMap<string, string>): Promise<Map<string, InstallResult>> {
    const results = new Map<string, InstallResult>();
    const written = new Map<string, string>();
    await this.#each(files.keys(), results, async fileName => {
      const text = files.get(fileName) as string;
      if (await this.#put(fileName, text)) written.set(fileName, digestOf(text));
      results.set(fileName, { ok: true, wrote: written.has(fileName) });
    });
    await this.#settle(written, results);
    await this.#cleanUp(results);
    return results;
  }

  /** Brings one file and its copy to `text`. Says whether the file had to be written. */
  async #put(fileName: string, text: string): Promise<boolean> {
    const digest = digestOf(text);
    if (await this.#isUntouched(fileName, digest)) return false;
    const found = await this.#findPlace(fileName, digest);
    const file = this.#owned.get(fileName) ?? { intended: undefined, copy: undefined, verified: undefined };
    if (file.intended !== digest) {
      await this.#writeCopy(fileName, file, text);
      file.intended = digest;
      this.#owned.set(fileName, file);
    }
    if (digestIfSound(found) === digest) {
      file.verified = verifiedOf(found);
      return false;
    }
    // Where the write fails the last good file stays, and stays ours to tell of.
    if (digestIfSound(found) !== file.verified?.digest) file.verified = undefined;
    await replaceFile(this.#chain.profiles, fileName, text, { durable: true });
    file.verified = undefined;
    return true;
  }

  async #isUntouched(fileName: string, digest: string): Promise<boolean> {
    const file = this.#owned.get(fileName);
    if (file?.intended !== digest || file.verified?.digest !== digest) return false;
    return (await readFingerprint(this.#chain.profiles, fileName)) === file.verified.fingerprint;
  }

  /** What is where the file should be. Throws where that is neither ours nor, already, what we would write. */
  async #findPlace(fileName: string, digest: string): Promise<Found> {
    if (this.#owned.has(fileName)) return this.#readOwned(fileName);
    const found = await readEntry(this.#chain.profiles, fileName);
    const path = this.#pathOf(fileName);
    if (found.kind === 'other') {
      throw new HostError('NotARegularFile', 'a directory, link or device is in the place of', path, 'move it away');
    }
    if (found.kind === 'file' && digestOfText(found.text) !== digest) {
      throw new HostError('ForeignFile', 'a file that this operator did not write is at', path, 'move it away');
    }
    return found;
  }

  /** A file of ours that we may no longer read is as good as altered: it is replaced by name, not by content. */
  async #readOwned(fileName: string): Promise<Found> {
    try {
      return await readEntry(this.#chain.profiles, fileName);
    } catch (error) {
      this.#log.debug('a file of ours is unreadable', { fileName, error: String(error) });
      return { kind: 'other' };
    }
  }

  /** Makes a batch of written files durable and reads each back; only then is it installed. */
  async #settle(written: ReadonlyMap<string, string>, results: Map<string, InstallResult>): Promise<void> {
    if (written.size === 0) return;
    const durable = await this.#syncDirectories().catch(error => HostError.from(error, this.path));
    await this.#each(written.keys(), results, async fileName => {
      if (durable instanceof HostError) throw durable;
      await this.#verify(fileName, written.get(fileName) as string);
    });
  }

  async #syncDirectories(): Promise<void> {
    await Promise.all([this.#chain.profiles.sync(), this.#copies.sync()]);
  }

  async #verify(fileName: string, digest: string): Promise<void> {
    const found = await readEntry(this.#chain.profiles, fileName);
    const file = this.#owned.get(fileName);
    if (!file || digestIfSound(found) !== digest) {
      const remedy = 'see the kernel log of the node, and whether something else writes there';
      throw new HostError(
        'VerifyFailed',
        'other bytes than written were read back from',
        this.#pathOf(fileName),
        remedy,
      );
    }
    file.verified = verifiedOf(found);
  }

  async #remove(fileNames: readonly string[]): Promise<Map<string, InstallResult>> {
    const results = new Map<string, InstallResult>();
    const gone: string[] = [];
    await this.#each(fileNames, results, async fileName => {
      const file = this.#owned.get(fileName);
      const wrote = file !== undefined && (await removeEntry(this.#chain.profiles, fileName));
      results.set(fileName, { ok: true, wrote });
      if (!file) return;
      file.verified = undefined;
      gone.push(fileName);
    });
    if (gone.length === 0) return results;
    // Before the copies go: a power cut must not leave a file that nobody knows as ours.
    const durable = await this.#chain.profiles.sync().catch(error => HostError.from(error, this.path));
    await this.#each(gone, results, async fileName => {
      if (durable instanceof HostError) throw durable;
      await this.#copies.remove(fileName);
      this.#owned.delete(fileName);
    });
    return results;
  }

  async #check(fileNames: readonly string[]): Promise<CheckResult> {
    const results = new Map<string, InstallResult>();
    const written = new Map<string, string>();
    const ours = fileNames.filter(fileName => this.#owned.has(fileName));
    await this.#each(ours, results, async fileName => {
      const digest = await this.#repair(fileName);
      if (digest !== undefined) written.set(fileName, digest);
      results.set(fileName, { ok: true, wrote: digest !== undefined });
    });
    await this.#settle(written, results);
    await this.#cleanUp(results);
    return summarise(results);
  }

  /** Writes the file again from its copy unless it is right. The digest of what was written, if anything was. */
  async #repair(fileName: string): Promise<string | undefined> {
    const file = this.#owned.get(fileName) as Owned;
    const found = await this.#readOwned(fileName);
    const copy = await this.#copies.read(fileName);
    // A copy that somebody altered with its first line is whole, but not what we know that we wrote.
    const isAsWritten = copy.state === 'whole' && (file.intended ?? copy.digest) === copy.digest;
    if (!isAsWritten) return this.#restoreCopy(fileName, file, found);
    file.intended = copy.digest;
    file.copy = await this.#copies.fingerprint(fileName);
    if (digestIfSound(found) === copy.digest) {
      file.verified = verifiedOf(found);
      return undefined;
    }
    file.verified = undefined;
    await replaceFile(this.#chain.profiles, fileName, copy.text, { durable: true });
    return copy.digest;
  }

  async #writeCopy(fileName: string, file: Owned, text: string): Promise<void> {
    await this.#copies.write(fileName, text);
    file.copy = await this.#copies.fingerprint(fileName);
  }

  /** A lost copy is made again of the file, as long as that is what we verified before. */
  async #restoreCopy(fileName: string, file: Owned, found: Found): Promise<undefined> {
    const digest = digestIfSound(found);
    const isOurs = digest !== undefined && digest === file.intended;
    // Undefined makes the next install write both.
    file.intended = undefined;
    if (isOurs && found.kind === 'file' && found.text !== undefined) {
      await this.#writeCopy(fileName, file, found.text);
      file.intended = digest;
      file.verified = verifiedOf(found);
      return;
    }
    file.verified = undefined;
    const remedy = 'it is written again when the API server answers';
    throw new HostError('VerifyFailed', 'altered, and its private copy is damaged:', this.#pathOf(fileName), remedy);
  }

  async #changedByOthers(fileNames: ReadonlySet<string>): Promise<Set<string>> {
    const changed = new Set<string>();
    for (const fileName of fileNames) {
      const ours = this.#owned.get(fileName);
      const now = await readFingerprint(this.#chain.profiles, fileName).catch(() => undefined);
      const isFile = ours?.verified !== undefined && ours.verified.fingerprint === now;
      if (!isFile || ours.copy !== (await this.#copies.fingerprint(fileName))) changed.add(fileName);
    }
    return changed;
  }

  /** Runs `work` for each name; what it throws becomes that name's result. Nothing runs in a directory that was moved. */
  async #each(
    fileNames: Iterable<string>,
    results: Map<string, InstallResult>,
    work: (fileName: string) => Promise<void>,
  ): Promise<void> {
    const inPlace = await this.#isInPlace();
    await forEachLimited(fileNames, CONCURRENCY, async fileName => {
      try {
        if (!inPlace) throw moved(this.#chain);
        if (!isProfileFileName(fileName)) throw invalidName(fileName);
        await work(fileName);
      } catch (error) {
        const { reason, message } = HostError.from(error, this.#pathOf(fileName));
        results.set(fileName, { ok: false, reason, message });
      }
    });
  }

  #pathOf(fileName: string): string {
    return `${this.path}/${fileName}`;
  }
}

function invalidName(fileName: string): HostError {
  const remedy = 'give the profile a name of lower-case letters, digits, "-" and "."';
  return new HostError('InvalidName', 'not the name of a profile file:', JSON.stringify(fileName), remedy);
}

function digestOfText(text: string | undefined): string | undefined {
  return text === undefined ? undefined : digestOf(text);
}

/** The digest of a regular file that only we can change under our feet; undefined for anything else. */
function digestIfSound(found: Found): string | undefined {
  return found.kind === 'file' && found.sound ? digestOfText(found.text) : undefined;
}

function verifiedOf(found: Found): Owned['verified'] {
  const digest = digestIfSound(found);
  return found.kind === 'file' && digest !== undefined ? { digest, fingerprint: found.fingerprint } : undefined;
}

function summarise(results: ReadonlyMap<string, InstallResult>): CheckResult {
  const repaired: string[] = [];
  const failed: CheckResult['failed'] = new Map();
  for (const [fileName, result] of results) {
    if (!result.ok) failed.set(fileName, { reason: result.reason, message: result.message });
    else if (result.wrote) repaired.push(fileName);
  }
  return { repaired, failed };
}
