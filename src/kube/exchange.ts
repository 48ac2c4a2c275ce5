import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { ConnectionError } from './errors.ts';

const CONNECT_MS = 10_000;
const HEADER_MS = 20_000;

/** A server that drops packets is noticed about 26 s after it fell silent: 15 s, then the kernel's probes. */
const KEEP_ALIVE_MS = 15_000;

export interface Outgoing {
  readonly scheme: string;
  readonly options: RequestOptions;
  readonly body?: string;
  /** Method and path, for messages. */
  readonly title: string;
  readonly signal: AbortSignal;
}

/** An answer whose body is still to be read. */
export interface Answer {
  readonly response: IncomingMessage;
  /** Ends the exchange: whoever reads the body gets this error. */
  fail(error: Error): void;
  /** To be called once the body is read; the signal is not listened to any more. */
  done(): void;
}

/** Sends one request; resolves when the head of the answer is here, rejects with a ConnectionError or the abort reason. */
export function exchange({ scheme, options, body, title, signal }: Outgoing): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const request = scheme === 'http:' ? httpRequest(options) : httpsRequest(options);
    const fail = (error: Error) => request.destroy(error);
    const abort = () => fail(signal.reason);
    const stopDeadlines = deadlines(request, scheme, title);
    let isReused = false;
    request.on('socket', socket => {
      isReused = isConnected(socket);
    });
    const done = () => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort);
    request.on('error', error => {
      stopDeadlines();
      done();
      reject(signal.aborted ? signal.reason : connectionError(title, error, isReused));
    });
    request.on('response', response => {
      stopDeadlines();
      resolve({ response, fail: error => response.destroy(error), done });
    });
    request.end(body);
  });
}

/** True when the server closed a kept connection just as we used it again, which says nothing about the request. */
export function isStaleSocket(error: unknown): boolean {
  return error instanceof ConnectionError && error.cause instanceof StaleSocket;
}

class StaleSocket extends Error {}

export function connectionError(title: string, error: unknown, reusedSocket = false): ConnectionError {
  if (error instanceof ConnectionError) return error;
  const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
  const stale = reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
  return new ConnectionError(title, code, message || code, stale ? new StaleSocket(message) : error);
}

/**
 * `ClientRequest.reusedSocket` does not say it of a request that waited for a connection (node:_http_agent, the listener
 * of `free`).
 */
function isConnected(socket: Socket & { secureConnecting?: boolean }): boolean {
  return !socket.connecting && !socket.secureConnecting;
}

/** 10 s to connect, then 20 s to the head of the answer; returns how to call both off. */
function deadlines(request: ClientRequest, scheme: string, title: string): () => void {
  const expire = (code: string, problem: string) => () => request.destroy(new ConnectionError(title, code, problem));
  let timer = setTimeout(expire('CONNECT_TIMEOUT', `no connection within ${CONNECT_MS / 1000} s`), CONNECT_MS);
  const connected = () => {
    clearTimeout(timer);
    timer = setTimeout(expire('HEADER_TIMEOUT', `no answer within ${HEADER_MS / 1000} s`), HEADER_MS);
  };
  request.on('socket', (socket: Socket) => {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    if (isConnected(socket)) connected();
    else socket.once(scheme === 'http:' ? 'connect' : 'secureConnect', connected);
  });
  return () => clearTimeout(timer);
}
