import { type FSWatcher, watch } from 'node:fs';
import type { Log } from '../core/log.ts';
import { isProfileFileName } from '../core/profile/file-name.ts';
import { isTemporary } from './atomic-file.ts';
import type { DirectoryChain } from './directory-chain.ts';
import type { DirectoryHandle } from './directory-handle.ts';

/** Long enough to take an editor's rename and its backup as one, short against what a person notices. */
const DEBOUNCE_MS = 20;

/**
 * inotify(7) on the profile directory, on that of the private copies, and on the directories above, where their own
 * replacement shows. Calls back with the profile files' names that had an event, and whether the directories themselves
 * may have moved.
 */
export class DirectoryWatcher {
  readonly #watchers: FSWatcher[] = [];
  readonly #log: Log;
  readonly #onSettled: (fileNames: ReadonlySet<string>, mayHaveMoved: boolean) => Promise<void>;
  #pending = new Set<string>();
  #mayHaveMoved = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    chain: DirectoryChain,
    log: Log,
    onSettled: (fileNames: ReadonlySet<string>, mayHaveMoved: boolean) => Promise<void>,
  ) {
    this.#log = log;
    this.#onSettled = onSettled;
    this.#watch(chain.root, () => this.#onDirectory());
    this.#watch(chain.seccomp, () => this.#onDirectory());
    this.#watch(chain.profiles, name => this.#onEntry(name));
    this.#watch(chain.copies, name => this.#onEntry(name));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
  }

  /** A path through `/proc/self/fd` watches the directory that is held open, not what has its name by now. */
  #watch(directory: DirectoryHandle, onEvent: (name: string | null) => void): void {
    try {
      const watcher = watch(directory.at('.'), { persistent: false }, (_event, name) => onEvent(name));
      watcher.on('error', error => this.#unwatched(directory, error));
      this.#watchers.push(watcher);
    } catch (error) {
      this.#unwatched(directory, error);
    }
  }

  #unwatched(directory: DirectoryHandle, error: unknown): void {
    this.#log.warn('changes of a directory are noticed late', { path: directory.path, error: String(error) });
  }

  #onEntry(name: string | null): void {
    if (name !== null && isTemporary(name)) return;
    if (name !== null && isProfileFileName(name)) this.#pending.add(name);
    else this.#mayHaveMoved = true;
    this.#settleSoon();
  }

  #onDirectory(): void {
    this.#mayHaveMoved = true;
    this.#settleSoon();
  }

  #settleSoon(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => this.#settle(), DEBOUNCE_MS);
  }

  #settle(): void {
    this.#timer = undefined;
    const [fileNames, mayHaveMoved] = [this.#pending, this.#mayHaveMoved];
    this.#pending = new Set();
    this.#mayHaveMoved = false;
    this.#onSettled(fileNames, mayHaveMoved).catch(error =>
      this.#log.error('change of a directory', { error: String(error) }),
    );
  }
}
