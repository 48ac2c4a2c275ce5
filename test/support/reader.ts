import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** Reads the files over and over, as a container runtime would, and notes each that is missing or another. */
export class Reader {
  readonly wrong: string[] = [];
  rounds = 0;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  static async start(paths: readonly string[]): Promise<Reader> {
    const texts = new Map<string, string>();
    for (const path of paths) texts.set(path, await readFile(path, 'utf8'));
    const reader = new Reader();
    reader.#loop = reader.#run(texts);
    return reader;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  async #run(texts: ReadonlyMap<string, string>): Promise<void> {
    while (!this.#stopped) {
      for (const [path, text] of texts) {
        const found = await readFile(path, 'utf8').catch(String);
        if (found !== text && this.wrong.length < 10) this.wrong.push(`${path}: ${found.slice(0, 80)}`);
      }
      this.rounds++;
      await delay(2);
    }
  }
}
