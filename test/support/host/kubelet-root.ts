import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../../src/core/log.ts';
import { ProfileDirectory } from '../../../src/host/profile-directory.ts';

/** A node's disk for one test: a kubelet root of its own, and the profile directories opened in it. */
export class KubeletRoot {
  readonly path = mkdtempSync(join(tmpdir(), 'kubelet-'));
  readonly profiles = join(this.path, 'seccomp/operator');
  readonly #opened: ProfileDirectory[] = [];

  async open(replaceLink = '', installedBefore: ReadonlyMap<string, string> = new Map()): Promise<ProfileDirectory> {
    const options = { kubeletRoot: this.path, replaceLink, installedBefore, log: silentLog };
    const directory = await ProfileDirectory.open(options);
    this.#opened.push(directory);
    return directory;
  }

  file(name: string): string {
    return join(this.profiles, name);
  }

  copy(name: string): string {
    return join(this.profiles, '.installed', name);
  }

  async remove(): Promise<void> {
    await Promise.all(this.#opened.map(directory => directory.close()));
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** One file and its text, as `install` takes them. */
export function oneFile(name: string, text: string): Map<string, string> {
  return new Map([[name, text]]);
}
