import { readdir, unlink } from 'node:fs/promises';
import { digestOf } from '../core/profile/digest.ts';
import { isProfileFileName } from '../core/profile/file-name.ts';
import { readRegularFile, replaceFile } from './atomic-file.ts';
import type { DirectoryHandle } from './directory-handle.ts';
import { isMissing } from './errors.ts';

/** The directory of the copies, in the directory of the files. */
export const COPIES_DIRECTORY = '.installed';

/**
 * A private copy of each file we own. That a copy exists says that the file is ours, also after a crash, since it is written
 * before the file and removed after it; and a file that was altered is repaired from it, without the API server and without
 * keeping profiles in memory. Its first line is the digest of the rest, so a copy that a power cut left half-written shows.
 */
export class InstalledCopies {
  readonly #directory: DirectoryHandle;

  constructor(directory: DirectoryHandle) {
    this.#directory = directory;
  }

  /** File names, with the digest of those copies that are whole. */
  async list(): Promise<Map<string, string | undefined>> {
    const found = new Map<string, string | undefined>();
    for (const name of await readdir(this.#directory.self)) {
      if (!isProfileFileName(name)) continue;
      const text = await this.read(name);
      found.set(name, text === undefined ? undefined : digestOf(text));
    }
    return found;
  }

  /** The text of a copy; nothing when there is none, or it is torn. */
  async read(fileName: string): Promise<string | undefined> {
    const found = await readRegularFile(this.#directory.at(fileName));
    if (typeof found === 'string') return undefined;
    const end = found.text.indexOf('\n');
    const text = found.text.slice(end + 1);
    return found.text.slice(0, end) === digestOf(text) ? text : undefined;
  }

  /** Not synced to the disk: after a power cut the file itself is what counts. */
  write(fileName: string, text: string): Promise<void> {
    return replaceFile(this.#directory, fileName, `${digestOf(text)}\n${text}`, false);
  }

  async remove(fileName: string): Promise<void> {
    await unlink(this.#directory.at(fileName)).catch(error => {
      if (!isMissing(error)) throw error;
    });
  }

  close(): Promise<void> {
    return this.#directory.close();
  }
}
