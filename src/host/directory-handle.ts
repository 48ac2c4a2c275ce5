import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readlink } from 'node:fs/promises';
import { HostError, hostError, isMissing } from './errors.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/**
 * A directory that is held open. Names are reached through /proc/self/fd, which is what openat(2) does for programs that
 * have it: whatever is done to the path afterwards, by a link or a rename, operations stay in this directory.
 */
export class DirectoryHandle {
  readonly path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Makes the directory if it is missing (its parent must be there). Throws {@link HostError}. */
  static async open(path: string): Promise<DirectoryHandle> {
    return DirectoryHandle.#open(path, path);
  }

  /** A directory in this one. */
  child(name: string): Promise<DirectoryHandle> {
    return DirectoryHandle.#open(this.at(name), `${this.path}/${name}`);
  }

  /** `shown` is the path a person knows. */
  static async #open(path: string, shown: string): Promise<DirectoryHandle> {
    await makeDirectory(path, shown);
    try {
      return new DirectoryHandle(shown, await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    } catch (error) {
      throw await describe(error, path, shown);
    }
  }

  /** The way to a name in this directory. */
  at(name: string): string {
    return `/proc/self/fd/${this.#handle.fd}/${name}`;
  }

  /** The way to the directory itself, for inotify. */
  get self(): string {
    return `/proc/self/fd/${this.#handle.fd}`;
  }

  /** Makes renames and removals in it durable. */
  async sync(): Promise<void> {
    await this.#handle.sync();
  }

  /** False when its path leads to something else by now, or nowhere. */
  async isCurrent(): Promise<boolean> {
    const held = await this.#handle.stat({ bigint: true });
    const named = await lstat(this.path, { bigint: true }).catch(() => undefined);
    return named !== undefined && named.ino === held.ino && named.dev === held.dev;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function makeDirectory(path: string, shown: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    if (!isMissing(error)) throw hostError(error, shown);
    throw new HostError(
      'DirectoryMissing',
      `${shown}: its parent is not there: is kubeletRoot the kubelet's --root-dir on this node?`,
    );
  }
}

async function describe(error: unknown, path: string, shown: string): Promise<HostError> {
  const target = await readlink(path).catch(() => undefined);
  if (target === undefined) return hostError(error, shown);
  return new HostError(
    'DirectoryForeign',
    `${shown} is a link to ${target}: another operator (Security Profiles Operator?) owns it. Uninstall that one, remove the link; nothing is written until then`,
  );
}
