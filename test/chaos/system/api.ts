import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import type { ControlPlane } from '../../rig/control-plane.ts';
import { until } from '../../rig/until.ts';

/** What the API server refused. */
export class Refusal extends Error {
  readonly status: number;

  constructor(title: string, status: number, text: string) {
    super(`${title}: ${status} ${text.slice(0, 300)}`);
    this.status = status;
  }
}

export interface Stored {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
  };
}

/**
 * The administrator's connection to the API server, past all that is done to the system's own. The auditor's witness too, so
 * it shares no code with the product.
 */
export class Api {
  readonly #server: URL;
  readonly #tls: { ca: Buffer; cert: Buffer; key: Buffer };
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });

  constructor(plane: ControlPlane, certificates: { certificate: string; key: string }) {
    this.#server = new URL(plane.server);
    const { certificate, key } = certificates;
    this.#tls = { ca: readFileSync(plane.caFile), cert: readFileSync(certificate), key: readFileSync(key) };
  }

  /** Throws a {@link Refusal}, or what the connection says. */
  async call<T>(method: string, path: string, body?: object, contentType = 'application/json'): Promise<T> {
    const title = `${method} ${path}`;
    return new Promise<T>((resolve, reject) => {
      const payload = body ? JSON.stringify(body) : '';
      // Without its length Node sends the body of a DELETE as if it were the next request.
      const length = { 'content-length': Buffer.byteLength(payload) };
      const headers = { accept: 'application/json', 'content-type': contentType, ...length };
      const options = { ...this.#target(path), method, headers, agent: this.#agent, timeout: 10_000 };
      const sent = request(options, response => {
        let text = '';
        response.setEncoding('utf8').on('data', chunk => {
          text += chunk;
        });
        response.once('error', reject);
        response.once('end', () => {
          const { statusCode = 0 } = response;
          if (statusCode >= 300) return reject(new Refusal(title, statusCode, text));
          resolve(JSON.parse(text) as T);
        });
      });
      sent.once('timeout', () => sent.destroy(new Error(`${title}: no answer`)));
      sent.once('error', reject);
      sent.end(payload);
    });
  }

  get<T>(path: string): Promise<T> {
    return this.call<T>('GET', path);
  }

  merge<T>(path: string, change: object): Promise<T> {
    return this.call<T>('PATCH', path, change, 'application/merge-patch+json');
  }

  /** Undefined where there is none. */
  async find<T>(path: string): Promise<T | undefined> {
    return this.get<T>(path).catch(orNothing(404));
  }

  /** Gone, or never there. */
  async remove(path: string, options?: object): Promise<void> {
    await this.call('DELETE', path, options).catch(orNothing(404));
  }

  /** Again and again until the API server has taken it; a refusal for what is asked is thrown at once. */
  async insist<T>(what: string, work: () => Promise<T>): Promise<T> {
    let refusal: Refusal | undefined;
    const answer = await until(
      what,
      async () => {
        try {
          return { is: await work() };
        } catch (error) {
          const isFinal = error instanceof Refusal && [400, 403, 405, 409, 422].includes(error.status);
          if (!isFinal) throw error;
          refusal = error as Refusal;
          return { is: undefined as T };
        }
      },
      { timeoutMs: 120_000, everyMs: 50 },
    );
    if (refusal) throw refusal;
    return answer.is;
  }

  /** Each line of a watch, until it ends or the signal says so. */
  watch(path: string, signal: AbortSignal, line: (text: string) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = request({ ...this.#target(path), signal, agent: false }, response => {
        if (response.statusCode !== 200) return reject(new Error(`watch ${path}: ${response.statusCode}`));
        const lines = createInterface({ input: response });
        lines.on('line', line);
        lines.once('close', resolve);
        lines.once('error', reject);
      });
      sent.once('error', reject);
      sent.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #target(path: string) {
    return { hostname: this.#server.hostname, port: this.#server.port, path, ...this.#tls };
  }
}

export const orNothing =
  (...statuses: number[]) =>
  (error: unknown): undefined => {
    if (!(error instanceof Refusal) || !statuses.includes(error.status)) throw error;
  };
