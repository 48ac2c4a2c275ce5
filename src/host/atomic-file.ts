import { isUtf8 } from 'node:buffer';
import type { BigIntStats } from 'node:fs';
import { constants, lstat, open, rename, unlink } from 'node:fs/promises';
import { type DirectoryHandle, setMode } from './directory-handle.ts';
import { errorCode } from './errors.ts';

/** The same as long as nobody touched the file: inode, size, and times to the nanosecond. */
export type Fingerprint = string;

/** What is at a name. `text` is undefined where the bytes cannot be a profile's: too many, or no UTF-8. */
export type Found =
  | { kind: 'nothing' }
  | { kind: 'file'; text: string | undefined; sound: boolean; fingerprint: Fingerprint }
  | { kind: 'other' };

/** A ConfigMap, the way by which profiles come, holds at most 1 MiB. */
const MAX_BYTES = 2 * 1024 * 1024;
const FILE_MODE = 0o644;
const TEMPORARY = '.tmp-';

let counter = 0;

/** Is this the name of a file that was being written? */
export function isTemporary(name: string): boolean {
  return name.startsWith(TEMPORARY);
}

/**
 * Reads an entry without following a link, waiting at a FIFO or opening a device. `sound` says that nobody but us can
 * have the file open for writing under another name (one hard link) and that its mode is as we left it.
 */
export async function readEntry(directory: DirectoryHandle, name: string): Promise<Found> {
  const entry = await statEntry(directory, name);
  if (!entry) return { kind: 'nothing' };
  if (!entry.isFile()) return { kind: 'other' };
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(directory.at(name), flags);
  try {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) return { kind: 'other' };
    const text = stats.size > MAX_BYTES ? undefined : decode(await readAll(file, Number(stats.size)));
    const sound = stats.nlink === 1n && (stats.mode & 0o7777n) === BigInt(FILE_MODE);
    return { kind: 'file', text, sound, fingerprint: fingerprintOf(stats) };
  } finally {
    await file.close();
  }
}

/** Undefined when a regular file is not what is there. */
export async function readFingerprint(directory: DirectoryHandle, name: string): Promise<Fingerprint | undefined> {
  const entry = await statEntry(directory, name);
  return entry?.isFile() ? fingerprintOf(entry) : undefined;
}

/**
 * Puts a file in place as a whole: a reader sees the old bytes or the new ones (rename(2)). It replaces a link itself, never
 * what the link names. `durable` brings the bytes to the disk before they get their name; the caller syncs the directory.
 */
export async function replaceFile(
  directory: DirectoryHandle,
  name: string,
  text: string,
  options: { durable: boolean },
): Promise<void> {
  const temporary = `${TEMPORARY}${process.pid}-${counter++}`;
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_WRONLY;
  const file = await open(directory.at(temporary), flags, FILE_MODE);
  try {
    try {
      await setMode(file, FILE_MODE);
      await file.writeFile(text);
      if (options.durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(directory.at(temporary), directory.at(name));
  } catch (error) {
    await unlink(directory.at(temporary)).catch(() => {});
    throw error;
  }
}

/** Removes a file or a link; says whether there was one. */
export async function removeEntry(directory: DirectoryHandle, name: string): Promise<boolean> {
  try {
    await unlink(directory.at(name));
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Removes what a killed process was writing. */
export async function removeTemporaries(directory: DirectoryHandle): Promise<void> {
  for (const name of await directory.list()) {
    if (isTemporary(name) && (await statEntry(directory, name))?.isFile()) await removeEntry(directory, name);
  }
}

async function statEntry(directory: DirectoryHandle, name: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(directory.at(name), { bigint: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Reads the bytes that were there at stat(2): a file that grows meanwhile does not fill our memory. */
async function readAll(file: Awaited<ReturnType<typeof open>>, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await file.read(bytes, length, size - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

/** Not lossy: two files of different bytes never decode to the same text. */
function decode(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

function fingerprintOf(stats: BigIntStats): Fingerprint {
  return `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
}
