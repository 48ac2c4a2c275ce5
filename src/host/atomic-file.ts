import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import type { DirectoryHandle } from './directory-handle.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

export const TEMPORARY_PREFIX = '.tmp-';
let counter = 0;

/**
 * Puts a file in place so that a reader sees the old bytes or the new ones: a new file, then rename(2), which replaces a
 * name in one step, also where the name is a link. With `durable` the bytes are on the disk before the name leads to them.
 */
export async function replaceFile(
  directory: DirectoryHandle,
  name: string,
  text: string,
  durable: boolean,
): Promise<void> {
  const temporary = directory.at(`${TEMPORARY_PREFIX}${process.pid}-${counter++}`);
  try {
    await writeNew(temporary, text, durable);
    await rename(temporary, directory.at(name));
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

async function writeNew(path: string, text: string, durable: boolean): Promise<void> {
  const file = await open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o644);
  try {
    await file.writeFile(text);
    // The umask may have taken rights away, and runtimes of other users read this.
    await file.chmod(0o644);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
}

/** What tells a file from itself after any change: a write, a rename and chmod(2) all move ctime, which nobody can set. */
export interface Fingerprint {
  readonly ino: bigint;
  readonly ctimeNs: bigint;
}

export interface ReadFile {
  readonly text: string;
  readonly fingerprint: Fingerprint;
}

export type Found = ReadFile | 'missing' | 'not a regular file';

/** Files of ours are far smaller; a larger one is somebody else's, and is not taken into memory. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Reads a regular file; follows no link, and does not wait on a FIFO or device. */
export async function readRegularFile(path: string): Promise<Found> {
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const { ino, ctimeNs, size, ...stat } = await file.stat({ bigint: true });
      if ((stat.mode & 0o170000n) !== 0o100000n || size > MAX_BYTES) return 'not a regular file';
      return { text: await file.readFile('utf8'), fingerprint: { ino, ctimeNs } };
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'missing';
    if (code === 'ELOOP' || code === 'ENXIO' || code === 'EISDIR') return 'not a regular file';
    throw error;
  }
}
