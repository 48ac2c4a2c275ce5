import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { parseExact } from '../core/json/exact.ts';
import type { Credentials } from './credentials.ts';
import { ApiError, ConnectionError } from './errors.ts';
import { LineSplitter } from './lines.ts';

export interface TransportOptions {
  readonly credentials: Credentials;
  readonly userAgent: string;
  /** Connections that calls share; watches have their own. */
  readonly maxSockets?: number;
  /** A call that has no whole answer by then fails. */
  readonly callTimeoutMs?: number;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CallOptions {
  readonly query?: Query;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

export interface StreamOptions {
  readonly query?: Query;
  readonly signal: AbortSignal;
  /** A stream on which nothing comes for so long is given up: only this notices a server that is frozen. */
  readonly idleTimeoutMs: number;
  /** The next line is read after this one is done with. */
  readonly onLine: (line: string) => void | Promise<void>;
}

/** Time for a connection and the first byte of an answer. */
const HEADERS_TIMEOUT_MS = 20_000;
/** After this long without a packet the kernel asks whether the other end is there; dropped links show in half a minute. */
const KEEP_ALIVE_MS = 15_000;

/** HTTP to one API server: pooled calls with a deadline, and streams of lines. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #agent: http.Agent;
  readonly #callTimeoutMs: number;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#callTimeoutMs = options.callTimeoutMs ?? 15_000;
    const pool = { keepAlive: true, maxSockets: options.maxSockets ?? 8, maxFreeSockets: 2, timeout: 60_000 };
    this.#agent = this.#isTls ? new https.Agent(pool) : new http.Agent(pool);
  }

  /** Throws {@link ApiError} for an answer that is no success, {@link ConnectionError} where there is none. */
  async request<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const what = `${method} ${path}`;
    const deadline = AbortSignal.timeout(this.#callTimeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
    try {
      const response = await this.#send(method, path, options, signal, this.#agent);
      const text = await readAll(response);
      throwIfRefused(what, response, text);
      return parseExact(text) as T;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (deadline.aborted)
        throw new ConnectionError(what, new Error(`no answer within ${this.#callTimeoutMs / 1000} s`));
      throw new ConnectionError(what, error as Error);
    }
  }

  /** Delivers lines until the server ends the stream; throws when it breaks, or the signal ends it. */
  async stream(path: string, { query, signal, idleTimeoutMs, onLine }: StreamOptions): Promise<void> {
    const what = `GET ${path}`;
    try {
      const response = await this.#send('GET', path, query ? { query } : {}, signal, false);
      if (response.statusCode !== 200) throwIfRefused(what, response, await readAll(response));
      response.socket.setKeepAlive(true, KEEP_ALIVE_MS);
      response.socket.setTimeout(idleTimeoutMs, () => {
        response.destroy(new Error(`silent for ${idleTimeoutMs / 1000} s`));
      });
      const lines = new LineSplitter();
      for await (const chunk of response) {
        for (const line of lines.push(chunk as Buffer)) await onLine(line);
      }
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw new ConnectionError(what, error as Error);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  get #isTls(): boolean {
    return this.#options.credentials.server.protocol === 'https:';
  }

  async #send(
    method: string,
    path: string,
    { query, body, contentType = 'application/json' }: CallOptions,
    signal: AbortSignal,
    agent: http.Agent | false,
  ): Promise<IncomingMessage> {
    const { credentials, userAgent } = this.#options;
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const authorization = await credentials.authorization();
    const headers: Record<string, string | number> = { accept: 'application/json', 'user-agent': userAgent };
    if (authorization) headers['authorization'] = authorization;
    if (payload) Object.assign(headers, { 'content-type': contentType, 'content-length': payload.length });
    const url = new URL(credentials.server.pathname.replace(/\/$/, '') + path, credentials.server);
    for (const [key, value] of Object.entries(query ?? {}))
      if (value !== undefined) url.searchParams.set(key, String(value));
    const settings = { method, headers, signal, agent };
    const request = this.#isTls
      ? https.request(url, { ...settings, ...credentials.tls() })
      : http.request(url, settings);
    return answered(request, payload);
  }
}

function answered(request: ClientRequest, payload: Buffer | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer within ${HEADERS_TIMEOUT_MS / 1000} s`)),
      HEADERS_TIMEOUT_MS,
    );
    request.once('response', response => {
      clearTimeout(timer);
      resolve(response);
    });
    // Stays: an error after the response has come reaches the reader through the response.
    request.on('error', error => {
      clearTimeout(timer);
      reject(error);
    });
    request.setNoDelay(true);
    request.end(payload);
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function throwIfRefused(what: string, response: IncomingMessage, body: string): void {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return;
  throw new ApiError(what, status, body, response.headers['retry-after']);
}
