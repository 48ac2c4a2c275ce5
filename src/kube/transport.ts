import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { parseExact } from '../core/json/exact.ts';
import { type Log, silentLog } from '../core/log.ts';
import type { Credentials } from './credentials.ts';
import { ApiError, ConnectionError, type Status } from './errors.ts';
import { type Answer, connectionError, exchange, isStaleSocket, type Outgoing } from './exchange.ts';
import { LineSplitter } from './lines.ts';

export interface TransportOptions {
  readonly credentials: Credentials;
  readonly userAgent: string;
  /** Connections kept for calls; a stream has one of its own. */
  readonly maxSockets?: number;
  /** From sending a call to the last byte of its answer, in milliseconds. */
  readonly callTimeoutMs?: number;
  /** Asked before each call that changes something: when it says no, that fails with code FENCED and is not sent. */
  readonly mayWrite?: () => boolean;
  readonly log?: Log;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface RequestParameters {
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface StreamParameters {
  readonly query?: Query;
  readonly signal: AbortSignal;
  /** The stream fails when no byte came for so long, in milliseconds. */
  readonly idleTimeoutMs?: number;
  /** One whole line, without its newline; nothing more is read while its promise is pending. */
  onLine(line: string): void | Promise<void>;
  /** Called with each chunk of bytes and with the head of the answer: the server lives. */
  onContact?(): void;
}

const never = new AbortController().signal;

/** JSON over HTTP(S) to one API server: pooled connections, deadlines, errors that name the request. */
export class Transport {
  readonly #credentials: Credentials;
  readonly #userAgent: string;
  readonly #callTimeoutMs: number;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #closed = new AbortController();
  readonly #mayWrite: () => boolean;
  readonly #log: Log;

  constructor({
    credentials,
    userAgent,
    maxSockets = 8,
    callTimeoutMs = 15_000,
    mayWrite = () => true,
    log = silentLog,
  }: TransportOptions) {
    this.#credentials = credentials;
    this.#userAgent = userAgent;
    this.#callTimeoutMs = callTimeoutMs;
    this.#mayWrite = mayWrite;
    this.#log = log;
    const Agent = credentials.server.protocol === 'http:' ? HttpAgent : HttpsAgent;
    this.#agent = new Agent({ keepAlive: true, maxSockets, maxFreeSockets: 2 });
  }

  /**
   * One call. Throws {@link ApiError} for a refusal, {@link ConnectionError} when there is no usable answer, the signal's
   * reason when it aborts. A GET over a kept connection that turns out to be closed is sent once more; so is any call whose
   * 401 was for credentials that have been renewed since.
   */
  async request<T>(method: string, path: string, parameters: RequestParameters = {}): Promise<T> {
    const authorization = await this.#credentials.authorization();
    try {
      return await this.#call<T>(method, path, parameters, authorization);
    } catch (error) {
      if (method === 'GET' && isStaleSocket(error)) return this.#call<T>(method, path, parameters, authorization);
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      const renewed = await this.#credentials.authorization();
      if (renewed === authorization) throw error;
      this.#log.debug('credentials renewed after a refusal', { path });
      return this.#call<T>(method, path, parameters, renewed);
    }
  }

  /** Reads lines until the server ends the answer, which resolves; any other end rejects as {@link request} does. */
  async stream(path: string, parameters: StreamParameters): Promise<void> {
    const title = `GET ${path}`;
    const authorization = await this.#credentials.authorization();
    const options = { ...this.#options('GET', path, parameters.query, authorization), agent: false };
    using scope = this.#scope(parameters.signal);
    const answer = await this.#exchange({ scheme: this.#scheme, options, title, signal: scope.signal });
    try {
      parameters.onContact?.();
      if (!isOk(answer.response)) throw await this.#refusal(title, answer);
      await readLines(title, answer, parameters);
    } catch (error) {
      throw scope.signal.aborted ? scope.signal.reason : asOwnError(title, error);
    } finally {
      answer.done();
      answer.response.destroy();
    }
  }

  /** Ends all calls, streams and connections; later ones fail with code CLOSED. */
  close(): void {
    this.#closed.abort(new ConnectionError('transport', 'CLOSED', 'closed'));
    this.#agent.destroy();
  }

  get #scheme(): string {
    return this.#credentials.server.protocol;
  }

  async #call<T>(method: string, path: string, parameters: RequestParameters, authorization?: string): Promise<T> {
    const title = `${method} ${path}`;
    const {
      query,
      body,
      contentType = 'application/json',
      signal = never,
      timeoutMs = this.#callTimeoutMs,
    } = parameters;
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const options = this.#options(method, path, query, authorization);
    options.agent = this.#agent;
    if (payload !== undefined) {
      options.headers = {
        ...options.headers,
        'content-type': contentType,
        'content-length': Buffer.byteLength(payload),
      };
    }
    using scope = this.#scope(
      signal,
      new ConnectionError(title, 'CALL_TIMEOUT', `no answer within ${timeoutMs} ms`),
      timeoutMs,
    );
    if (method !== 'GET' && !this.#mayWrite())
      throw new ConnectionError(title, 'FENCED', 'not sent: the lease is not held any more');
    const answer = await this.#exchange({
      scheme: this.#scheme,
      options,
      title,
      signal: scope.signal,
      ...(payload === undefined ? {} : { body: payload }),
    });
    try {
      if (!isOk(answer.response)) throw await this.#refusal(title, answer);
      return parseBody(title, await readText(answer.response)) as T;
    } catch (error) {
      throw scope.signal.aborted ? scope.signal.reason : asOwnError(title, error);
    } finally {
      answer.done();
    }
  }

  /** Its certificate may be of another authority than when the credentials were read. */
  async #exchange(outgoing: Outgoing): Promise<Answer> {
    try {
      return await exchange(outgoing);
    } catch (error) {
      if (error instanceof ConnectionError) this.#credentials.refused?.();
      throw error;
    }
  }

  #options(method: string, path: string, query: Query = {}, authorization?: string): RequestOptions {
    const { hostname, port, pathname } = this.#credentials.server;
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
    const suffix = search.size ? `?${search}` : '';
    return {
      ...this.#credentials.tls(),
      method,
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      path: pathname.replace(/\/$/, '') + path + suffix,
      headers: {
        accept: 'application/json',
        'user-agent': this.#userAgent,
        ...(authorization ? { authorization } : {}),
      },
    };
  }

  /** A signal that aborts with the caller's, on close, and at the deadline; disposing it lets go of all three. */
  #scope(signal: AbortSignal, late?: Error, timeoutMs?: number): { signal: AbortSignal } & Disposable {
    const controller = new AbortController();
    const parents = [signal, this.#closed.signal];
    const abort = (event: Event) => controller.abort((event.target as AbortSignal).reason);
    for (const parent of parents) {
      if (parent.aborted) controller.abort(parent.reason);
      parent.addEventListener('abort', abort);
    }
    const timer = late && setTimeout(() => controller.abort(late), timeoutMs);
    return {
      signal: controller.signal,
      [Symbol.dispose]() {
        clearTimeout(timer);
        for (const parent of parents) parent.removeEventListener('abort', abort);
      },
    };
  }

  async #refusal(title: string, { response }: Answer): Promise<ApiError> {
    const status = response.statusCode ?? 0;
    if (status === 401) this.#credentials.refused?.();
    const text = await readText(response);
    return new ApiError(title, status, statusBody(text), retryAfterMs(response.headers['retry-after']));
  }
}

async function readLines(title: string, { response, fail }: Answer, parameters: StreamParameters): Promise<void> {
  const { idleTimeoutMs = 90_000, onLine, onContact } = parameters;
  const lines = new LineSplitter();
  const silence = new ConnectionError(title, 'IDLE_TIMEOUT', `nothing came for ${idleTimeoutMs / 1000} s`);
  let timer = setTimeout(fail, idleTimeoutMs, silence);
  try {
    for await (const chunk of response) {
      // Only the server's silence counts, not the time that the reader takes.
      clearTimeout(timer);
      onContact?.();
      for (const line of lines.push(chunk as Buffer)) {
        const pending = onLine(line);
        if (pending) await pending;
      }
      timer = setTimeout(fail, idleTimeoutMs, silence);
    }
  } finally {
    clearTimeout(timer);
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function isOk({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

function parseBody(title: string, text: string): unknown {
  if (text === '') return undefined;
  try {
    return parseExact(text);
  } catch (cause) {
    throw new ConnectionError(title, 'BAD_BODY', 'the answer is not JSON', cause);
  }
}

/** Proxies and overloaded servers answer in plain text: that is a message too. */
function statusBody(text: string): Status {
  try {
    const body: unknown = JSON.parse(text);
    if (body !== null && typeof body === 'object') return body as Status;
  } catch {}
  const said = text.trim().slice(0, 200);
  return said ? { message: said } : {};
}

/** RFC 9110, section 10.2.3; the API server sends seconds. */
function retryAfterMs(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return header !== undefined && Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

/** Errors of sockets become ConnectionErrors; those of a line's reader pass as they are. */
function asOwnError(title: string, error: unknown): unknown {
  return (error as NodeJS.ErrnoException)?.code === undefined ? error : connectionError(title, error);
}
