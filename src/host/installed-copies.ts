import { digestOf } from '../core/profile/digest.ts';
import { isProfileFileName } from '../core/profile/file-name.ts';
import {
  type Fingerprint,
  readEntry,
  readFingerprint,
  removeEntry,
  removeTemporaries,
  replaceFile,
} from './atomic-file.ts';
import type { DirectoryHandle } from './directory-handle.ts';

/** A copy that fails its own digest is `torn`: a power cut came before its bytes reached the disk. */
export type Copy = { state: 'whole'; text: string; digest: string } | { state: 'torn' } | { state: 'missing' };

/**
 * A private copy of each file that is ours, in a directory of its own. That the copy exists says that the file is ours,
 * also after a restart; what it holds repairs the file while no API server answers, without the text in memory.
 *
 * A copy is one line with the digest of the bytes after it, so that it needs no fsync(2): it tells itself whether it is whole.
 */
export class InstalledCopies {
  static readonly directoryName = '.installed';
  readonly #directory: DirectoryHandle;

  constructor(directory: DirectoryHandle) {
    this.#directory = directory;
  }

  async names(): Promise<string[]> {
    return (await this.#directory.list()).filter(isProfileFileName);
  }

  async read(fileName: string): Promise<Copy> {
    // One that cannot be read still says whose the file is.
    const found = await readEntry(this.#directory, fileName).catch(() => ({ kind: 'other' }) as const);
    if (found.kind === 'nothing') return { state: 'missing' };
    const copy = found.kind === 'file' && found.text !== undefined ? parseCopy(found.text) : undefined;
    return copy ? { state: 'whole', ...copy } : { state: 'torn' };
  }

  write(fileName: string, text: string): Promise<void> {
    return replaceFile(this.#directory, fileName, `${digestOf(text)}\n${text}`, { durable: false });
  }

  /** The same as long as nobody touched the copy; undefined where there is none. */
  fingerprint(fileName: string): Promise<Fingerprint | undefined> {
    return readFingerprint(this.#directory, fileName).catch(() => undefined);
  }

  async remove(fileName: string): Promise<void> {
    await removeEntry(this.#directory, fileName);
  }

  removeTemporaries(): Promise<void> {
    return removeTemporaries(this.#directory);
  }

  sync(): Promise<void> {
    return this.#directory.sync();
  }
}

function parseCopy(content: string): { text: string; digest: string } | undefined {
  const end = content.indexOf('\n');
  const text = content.slice(end + 1);
  const digest = digestOf(text);
  return end > 0 && content.slice(0, end) === digest ? { text, digest } : undefined;
}
