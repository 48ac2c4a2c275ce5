import {
  chmod,
  constants,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, HostError } from './errors.ts';

const OPEN_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;

/** What has a name in a directory; links are not followed. */
export type Entry = { kind: 'nothing' | 'directory' | 'other' } | { kind: 'link'; target: string };

/**
 * A directory held open. Node has no openat(2); a path through `/proc/self/fd/<fd>` (proc_pid_fd(5)) does the same: it
 * starts at this very directory, wherever it was moved and whatever has its old name now.
 */
export class DirectoryHandle {
  /** Where the directory was when it was opened, for messages. */
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #identity: string;

  private constructor(path: string, handle: FileHandle, identity: string) {
    this.path = path;
    this.#handle = handle;
    this.#identity = identity;
  }

  /** Opens an existing directory. Links in `path` are followed: where the kubelet's root is, is the administrator's say. */
  static async openRoot(path: string): Promise<DirectoryHandle> {
    try {
      const root = await DirectoryHandle.#adopt(path, await open(path, OPEN_DIRECTORY));
      await root.#requireProc();
      return root;
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw HostError.from(error, path);
      const remedy = "set --kubelet-root to the node's kubelet directory and mount it";
      throw new HostError('DirectoryMissing', 'no kubelet directory at', path, remedy, { cause: error });
    }
  }

  /** Opens a directory in this one, made when missing (0755). A link or another kind of file there is not ours to use. */
  async openChild(name: string): Promise<DirectoryHandle> {
    const path = join(this.path, name);
    try {
      const made = await this.#makeMissing(name);
      const handle = await open(this.at(name), OPEN_DIRECTORY | constants.O_NOFOLLOW);
      // The umask may have taken away what the container runtime needs to get in.
      if (made) await setMode(handle, 0o755);
      if (made) await this.sync();
      return await DirectoryHandle.#adopt(path, handle);
    } catch (error) {
      throw (await this.#foreign(name, path)) ?? HostError.from(error, path);
    }
  }

  /** Opens a directory in this one, if there is one: nothing is made, and no link followed. */
  async openPresent(name: string): Promise<DirectoryHandle | undefined> {
    if ((await this.entry(name)).kind !== 'directory') return undefined;
    try {
      const path = join(this.path, name);
      return await DirectoryHandle.#adopt(path, await open(this.at(name), OPEN_DIRECTORY | constants.O_NOFOLLOW));
    } catch (error) {
      throw HostError.from(error, join(this.path, name));
    }
  }

  /** The path that leads to an entry of exactly this directory. */
  at(name: string): string {
    return `/proc/self/fd/${this.#handle.fd}/${name}`;
  }

  /** Does its path still lead to this directory? As `openRoot` does, this follows links. */
  async isAtItsPath(): Promise<boolean> {
    try {
      return identityOf(await stat(this.path, { bigint: true })) === this.#identity;
    } catch {
      return false;
    }
  }

  /** Does `name` still lead from here to that directory? */
  async holds(name: string, child: DirectoryHandle): Promise<boolean> {
    try {
      return identityOf(await lstat(this.at(name), { bigint: true })) === child.#identity;
    } catch {
      return false;
    }
  }

  async entry(name: string): Promise<Entry> {
    try {
      const found = await lstat(this.at(name));
      if (found.isSymbolicLink()) return { kind: 'link', target: await readlink(this.at(name)) };
      return { kind: found.isDirectory() ? 'directory' : 'other' };
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return { kind: 'nothing' };
      throw HostError.from(error, join(this.path, name));
    }
  }

  /** Makes `name` a link, in the place of a link or of nothing, in one step (rename(2)); by way of a name of our own. */
  async replaceLink(name: string, target: string, temporary: string): Promise<void> {
    try {
      await rm(this.at(temporary), { force: true });
      await symlink(target, this.at(temporary));
      await rename(this.at(temporary), this.at(name));
      await this.sync();
    } catch (error) {
      await rm(this.at(temporary), { force: true }).catch(() => {});
      throw HostError.from(error, join(this.path, name));
    }
  }

  list(): Promise<string[]> {
    return readdir(this.at('.'));
  }

  /** Makes entries made, renamed and removed here survive a power cut. */
  sync(): Promise<void> {
    return this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Every path of `at` fails without /proc, and would blame the directory. */
  async #requireProc(): Promise<void> {
    if (await this.holds('.', this)) return;
    await this.close();
    const remedy = 'mount /proc, and allow this path where Node runs with --permission';
    throw new HostError('IoError', 'a directory cannot be held open by way of', '/proc/self/fd', remedy);
  }

  async #makeMissing(name: string): Promise<boolean> {
    try {
      // Looked for first, because on a read-only file system mkdir fails even for a directory that is there.
      await lstat(this.at(name));
      return false;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
    await mkdir(this.at(name), 0o755);
    return true;
  }

  async #foreign(name: string, path: string): Promise<HostError | undefined> {
    const found = await this.entry(name).catch(() => undefined);
    if (found?.kind === 'other') {
      return new HostError('DirectoryForeign', 'no directory but a file at', path, 'move it away');
    }
    if (found?.kind !== 'link') return undefined;
    const remedy = 'set replaceLink in agent.yaml to let it go, see docs/migrate-from-spo.md';
    return new HostError('DirectoryForeign', `a symbolic link to ${found.target.slice(0, 80)} is at`, path, remedy);
  }

  static async #adopt(path: string, handle: FileHandle): Promise<DirectoryHandle> {
    return new DirectoryHandle(path, handle, identityOf(await handle.stat({ bigint: true })));
  }
}

/** fchmod(2) by way of a path, because `FileHandle.chmod` does not work under Node's `--permission`. */
export function setMode(file: FileHandle, mode: number): Promise<void> {
  return chmod(`/proc/self/fd/${file.fd}`, mode);
}

function identityOf(stats: { dev: bigint; ino: bigint }): string {
  return `${stats.dev}:${stats.ino}`;
}
