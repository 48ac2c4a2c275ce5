import { readFile } from 'node:fs/promises';

/** The kubelet renews a bound token when 80 % of its life are over (KEP-1205): once a minute is early enough. */
const REREAD_MS = 60_000;

/** A file that somebody replaces by a newer one: a bearer token, the authority that the API server's certificate is of. */
export class RotatedFile {
  readonly #path: string;
  #text = '';
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Its text without space around it, read again at most once a minute; throws while it has never been readable. An empty
   * file is one that is about to be written: without a token we would be anonymous, which is refused by 403, not 401.
   */
  async text(): Promise<string> {
    const now = performance.now();
    if (now - this.#readAt < REREAD_MS) return this.#text;
    try {
      this.#text = await this.#read();
      this.#readAt = now;
    } catch (error) {
      if (this.#text === '') throw error;
    }
    return this.#text;
  }

  /** To be read again the next time, whatever its age. */
  refused(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  async #read(): Promise<string> {
    const text = (await readFile(this.#path, 'utf8')).trim();
    if (!text) throw new Error(`${this.#path} is empty`);
    return text;
  }
}
