import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Credentials } from '../../src/kube/credentials.ts';
import type { ControlPlane } from '../rig/control-plane.ts';

/** A request that came through. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** On the clock of `performance.now()`. */
  readonly at: number;
}

/** Answers a request instead of the API server when it returns true. */
export type Interceptor = (seen: Seen, response: ServerResponse) => boolean | Promise<boolean>;

/**
 * Stands between a client and a real API server and does what networks and servers do on a bad day. It speaks plain HTTP to
 * the client and TLS to the server.
 */
export class FaultProxy {
  /** For clients that should go through it. */
  readonly credentials: Credentials;
  readonly requests: Seen[] = [];
  /** Connections that clients have made. */
  connections = 0;
  intercept: Interceptor | undefined;
  /** The server does what it is asked, and no answer arrives. */
  losesAnswers = false;
  readonly #server: Server;
  readonly #upstream: Credentials;
  readonly #watches = new Set<ServerResponse>();
  readonly #frozen = new WeakSet<ServerResponse>();

  private constructor(server: Server, upstream: Credentials) {
    this.#server = server;
    this.#upstream = upstream;
    const { port } = server.address() as AddressInfo;
    this.credentials = {
      server: new URL(`http://127.0.0.1:${port}`),
      tls: () => ({}),
      authorization: () => upstream.authorization(),
    };
    server.on('connection', () => {
      this.connections += 1;
    });
    server.on('request', (request, response) => void this.#handle(request, response));
  }

  static async start(upstream: Credentials): Promise<FaultProxy> {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new FaultProxy(server, upstream);
  }

  /** Without credentials of its own: what the client sends is passed on. */
  static async before({ server, caFile }: Pick<ControlPlane, 'server' | 'caFile'>): Promise<FaultProxy> {
    const ca = await readFile(caFile);
    return FaultProxy.start({ server: new URL(server), tls: () => ({ ca }), authorization: async () => undefined });
  }

  /** Rewrites a kubeconfig so that whoever uses it comes this way. */
  async redirect(kubeconfig: string): Promise<void> {
    const config = JSON.parse(await readFile(kubeconfig, 'utf8'));
    config.clusters[0].cluster = { server: this.credentials.server.href, 'insecure-skip-tls-verify': true };
    await writeFile(kubeconfig, JSON.stringify(config));
  }

  /** Requests that list: by pages, or as a stream. */
  get lists(): Seen[] {
    return this.requests.filter(({ query }) => query.get('watch') !== 'true' || query.has('sendInitialEvents'));
  }

  /** Breaks all watches in the middle of a line. */
  cutWatches(): void {
    for (const response of this.#watches) response.write('{"type":"ADDED","obj', () => response.socket?.destroy());
  }

  /** No byte comes any more through the watches that are open now; their connections stay. */
  freezeWatches(): void {
    for (const response of this.#watches) this.#frozen.add(response);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.credentials.server);
    const seen = { method: request.method ?? '', path: url.pathname, query: url.searchParams, at: performance.now() };
    this.requests.push(seen);
    if (!(await this.intercept?.(seen, response))) this.#forward(request, response, seen.query.get('watch') === 'true');
  }

  #forward(request: IncomingMessage, response: ServerResponse, isWatch: boolean): void {
    const { hostname, port } = this.#upstream.server;
    const { connection: _, host: __, ...headers } = request.headers;
    const { method, url: path } = request;
    const upstream = httpsRequest({ hostname, port, method, path, headers, agent: false, ...this.#upstream.tls() });
    upstream.on('error', () => response.destroy());
    upstream.on('response', answer => {
      // Cut before it began.
      if (response.headersSent || response.destroyed) return void answer.destroy();
      if (this.losesAnswers && !isWatch) return void answer.resume().once('end', () => response.socket?.destroy());
      const { 'transfer-encoding': _, connection: __, ...kept } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, kept);
      response.flushHeaders();
      answer.on('data', chunk => this.#frozen.has(response) || response.write(chunk));
      answer.on('end', () => response.end());
      answer.on('error', () => response.destroy());
    });
    if (isWatch) this.#watches.add(response);
    response.on('close', () => {
      this.#watches.delete(response);
      upstream.destroy();
    });
    request.pipe(upstream);
  }
}

/** An answer as the API server gives it. */
export function refuse(response: ServerResponse, code: number, reason: string, more: object = {}): true {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, ...more }));
  return true;
}

/** A watch that begins well and ends with an ERROR event. */
export function failWatch(response: ServerResponse, code: number, reason: string, message = reason): true {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code, reason, message } })}\n`);
  return true;
}
