import { execFileSync } from 'node:child_process';
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A small file system of its own, mounted at a directory. */
export class Tmpfs {
  readonly #path: string;

  constructor(path: string, options: string) {
    this.#path = path;
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'pipe' });
    } catch (cause) {
      throw new Error('these tests mount a tmpfs: run them as root, in a container with CAP_SYS_ADMIN', { cause });
    }
  }

  remount(options: string): void {
    execFileSync('mount', ['-o', `remount,${options}`, this.#path]);
  }

  /** Takes the last free block, until `free`. */
  fill(): void {
    const file = openSync(join(this.#path, 'filler'), 'w');
    try {
      // A write of one page is refused only when there is no page left.
      for (;;) writeSync(file, Buffer.alloc(4096));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    unlinkSync(join(this.#path, 'filler'));
  }

  unmount(): void {
    // Lazily: a failed test may still hold a file open.
    execFileSync('umount', ['-l', this.#path]);
  }
}
