import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry, Ledger } from '../system/ledger.ts';
import { partOf, type Spec, specOf, versionOf } from '../system/specs.ts';
import { meaningOf, together } from './meaning.ts';

/** What is in a file's place. */
export type Look =
  | { readonly is: 'nothing' }
  | { readonly is: 'version'; readonly version: number; readonly digest: string }
  | { readonly is: 'wrong'; readonly why: string };

/** Reads files as a container runtime does, and says which version of the profile each is, whole and by its meaning. */
export class Files {
  readonly #ledger: Ledger;
  readonly #known = new Map<string, Look>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  look(directory: string, entry: Entry): Look {
    let bytes: Buffer;
    try {
      const path = join(directory, `${entry.name}.json`);
      // Another writer's huge file, device or FIFO is not to be read.
      const stats = statSync(path);
      if (!stats.isFile()) return { is: 'wrong', why: 'no regular file' };
      if (stats.size > 1 << 21) return { is: 'wrong', why: `${stats.size} bytes` };
      bytes = readFileSync(path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      return code === 'ENOENT' ? { is: 'nothing' } : { is: 'wrong', why: code };
    }
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const key = `${entry.name} ${digest}`;
    let look = this.#known.get(key);
    if (!look) {
      look = this.#judge(entry, bytes.toString('utf8'), digest);
      // A version that is not sent yet is judged anew.
      if (look.is === 'version') this.#known.set(key, look);
    }
    return look;
  }

  /** Names that are in the directory; none where there is no directory. */
  names(directory: string): string[] {
    try {
      return readdirSync(directory);
    } catch {
      return [];
    }
  }

  #judge(entry: Entry, text: string, digest: string): Look {
    const wrong = (why: string): Look => ({
      is: 'wrong',
      why: `${why}: ${text.length} characters, ${text.slice(0, 60)}`,
    });
    let file: Spec;
    try {
      file = JSON.parse(text);
    } catch {
      return wrong('not JSON');
    }
    const version = versionOf(file, partOf(entry.name));
    if (version === undefined || version > entry.sent) return wrong(`says version ${version} of ${entry.sent}`);
    let base: Spec | undefined;
    if (entry.base) {
      const baseVersion = versionOf(file, 'base');
      const known = this.#ledger.entry(entry.base);
      if (baseVersion === undefined || baseVersion > known.sent)
        return wrong(`says version ${baseVersion} of its base`);
      base = specOf(entry.base, baseVersion);
    }
    if (meaningOf(file) !== meaningOf(together(specOf(entry.name, version), base)))
      return wrong(`is not what version ${version} says`);
    return { is: 'version', version, digest };
  }
}
