import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cachePath, locked, type Progress, place } from '../../rig/cache.ts';
import { goBuild } from '../../rig/go.ts';
import { Tmpfs } from '../../support/host/tmpfs.ts';

const MODULE = join(import.meta.dirname, '../eio');

/** What can fail: see eio/main.go. */
export const OPERATIONS = ['open', 'create', 'read', 'write', 'fsync', 'rename', 'unlink', 'list'] as const;

/** What a node's kubelet directory is on. */
export interface Disk {
  /** Where its files can be read whatever the disk is made to do. */
  readonly backing: string;
  release(): Promise<void>;
}

/** A directory of this machine. */
export function plainDisk(path: string): Disk {
  return { backing: path, release: async () => {} };
}

/** A small file system in memory: it fills, runs out of inodes, and can be made read-only. */
export class SmallDisk implements Disk {
  readonly backing: string;
  readonly #tmpfs: Tmpfs;
  readonly #unmount = () => this.#tmpfs.unmount();

  constructor(path: string) {
    this.backing = path;
    this.#tmpfs = new Tmpfs(path, 'size=8m,nr_inodes=4000');
    // Also when we are interrupted.
    process.once('exit', this.#unmount);
  }

  fill(): void {
    this.#tmpfs.fill();
  }

  free(): void {
    this.#tmpfs.free();
  }

  remount(options: 'ro' | 'rw'): void {
    this.#tmpfs.remount(options);
  }

  async release(): Promise<void> {
    process.removeListener('exit', this.#unmount);
    this.#unmount();
  }
}

/** A file system that fails when it is told to: FUSE, in a process of its own. */
export class FailingDisk implements Disk {
  readonly backing: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #said: AsyncIterator<string>;

  static async mount(path: string, progress: Progress): Promise<FailingDisk> {
    const program = await eioProgram(progress);
    const backing = `${path}.backing`;
    mkdirSync(backing);
    const disk = new FailingDisk(backing, spawn(program, [backing, path]));
    await disk.#answer();
    return disk;
  }

  private constructor(backing: string, child: ChildProcessWithoutNullStreams) {
    this.backing = backing;
    this.#child = child;
    child.stderr.pipe(process.stderr);
    this.#said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** These fail with EIO from now on, and no others. */
  async fail(operations: readonly (typeof OPERATIONS)[number][]): Promise<void> {
    this.#child.stdin.write(`${operations.join(' ')}\n`);
    await this.#answer();
  }

  /** It ends with its standard input, also when we are killed. */
  async release(): Promise<void> {
    const ended = new Promise(resolve => this.#child.once('exit', resolve));
    this.#child.stdin.end();
    await ended;
  }

  async #answer(): Promise<void> {
    const { done } = await this.#said.next();
    if (done)
      throw new Error('no file system by FUSE: run this as root, in a container with CAP_SYS_ADMIN and /dev/fuse');
  }
}

/** Built once with Go, which takes a few seconds, and kept. */
export async function eioProgram(progress: Progress): Promise<string> {
  const directory = cachePath(`eio-${await sourceHash(MODULE, ['go.mod', 'go.sum', 'main.go'])}`);
  const program = join(directory, 'eio');
  await locked(directory, progress, async () => {
    if (existsSync(program)) return;
    progress('building a file system that fails (go-fuse), a few seconds');
    await place(directory, async into => {
      await goBuild({ module: MODULE, args: ['-o', join(into, 'eio'), '.'] }, progress);
      return true;
    });
  });
  return program;
}

async function sourceHash(directory: string, files: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of files) hash.update(await readFile(join(directory, file)));
  return hash.digest('hex').slice(0, 16);
}
