import { Agent, request } from 'node:https';
import type { Credentials } from '../../../src/kube/credentials.ts';

export interface RawAnswer {
  readonly code: number;
  readonly text: string;
}

/** Sends texts as they are to an API server, damaged ones too, over connections that stay. */
export class RawClient {
  readonly #credentials: Credentials;
  readonly #agent: Agent;

  constructor(credentials: Credentials, maxSockets = 16) {
    this.#credentials = credentials;
    this.#agent = new Agent({ keepAlive: true, maxSockets });
  }

  async send(method: string, path: string, text: string, contentType = 'application/json'): Promise<RawAnswer> {
    const authorization = await this.#credentials.authorization();
    const headers = {
      'content-type': contentType,
      'content-length': Buffer.byteLength(text),
      ...(authorization ? { authorization } : {}),
    };
    const { hostname, port } = this.#credentials.server;
    const options = { ...this.#credentials.tls(), hostname, port, path, method, headers, agent: this.#agent };
    return new Promise((resolve, reject) => {
      const sent = request(options, response => {
        response
          .setEncoding('utf8')
          .toArray()
          .then(chunks => resolve({ code: response.statusCode ?? 0, text: chunks.join('') }), reject);
      });
      sent.setTimeout(60_000, () => sent.destroy(new Error(`${method} ${path}: no answer`)));
      sent.once('error', reject);
      sent.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Works on all of them, so many at a time. */
export async function inParallel<T>(items: Iterable<T>, most: number, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: most }, worker));
}

/** How often each thing happened. */
export class Tallies {
  readonly #counts = new Map<string, number>();

  count(what: string, by = 1): void {
    this.#counts.set(what, this.of(what) + by);
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  lines(): string[] {
    return [...this.#counts].sort().map(([what, count]) => `  ${String(count).padStart(7)} ${what}`);
  }
}

/** Something that must not be, and the input it came of. */
export class Defect extends Error {
  constructor(what: string, input: string) {
    super(`${what}\ninput: ${input.length > 4_000 ? `${input.slice(0, 4_000)}... (${input.length})` : input}`);
  }
}
