import { readFile } from 'node:fs/promises';

/** The kubelet renews a bound token when 80 % of its life are over (KEP-1205): once a minute is early enough. */
const REREAD_MS = 60_000;

/** A bearer token in a file whose content rotates. */
export class TokenFile {
  readonly #path: string;
  #header = '';
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(path: string) {
    this.#path = path;
  }

  /** The Authorization header, read again at most once a minute; throws while the file has never been readable. */
  async authorization(): Promise<string> {
    const now = performance.now();
    if (now - this.#readAt < REREAD_MS) return this.#header;
    try {
      this.#header = `Bearer ${(await readFile(this.#path, 'utf8')).trim()}`;
    } catch (error) {
      if (this.#header === '') throw error;
    }
    this.#readAt = now;
    return this.#header;
  }

  /** To be read again the next time, whatever its age. */
  refused(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }
}
