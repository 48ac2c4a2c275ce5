import { mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { HostNetwork } from './node-config.ts';
import { controlPath } from './remains.ts';
import type { ContainerRuntime } from './runtime/runtime.ts';

/** What a person asks of the process that keeps a cluster. */
export type Request = UpRequest | 'down';

export interface UpRequest {
  readonly nodes: number;
  readonly kubernetes?: string;
  readonly kubeletRoot?: string;
  readonly runtime?: ContainerRuntime['name'];
  readonly hostNetwork?: HostNetwork;
  readonly images: readonly string[];
}

export interface UpAnswer {
  readonly kubeconfig: string;
  readonly programs: string;
  readonly nodes: readonly string[];
}

type Line = { progress: string } | { answer: UpAnswer | null } | { error: string };

export type Handler = (request: Request, progress: (line: string) => void) => Promise<UpAnswer | undefined>;

/** Answers requests, one at a time, on a socket that only this user can reach. */
export async function serve(name: string, handle: Handler): Promise<Server> {
  const path = controlPath(name);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await rm(path, { force: true });
  let last: Promise<void> = Promise.resolve();
  const server = createServer(socket => {
    const lines = createInterface({ input: socket });
    // Whoever asked may leave before the answer: the work goes on.
    for (const each of [socket, lines]) each.on('error', () => {});
    lines.once('line', line => {
      last = last.then(() => answer(socket, JSON.parse(line) as Request, handle));
    });
  });
  await new Promise<void>(resolve => server.listen(path, resolve));
  return server;
}

async function answer(socket: Socket, request: Request, handle: Handler): Promise<void> {
  const say = (line: Line) => socket.writable && socket.write(`${JSON.stringify(line)}\n`);
  try {
    say({ answer: (await handle(request, progress => say({ progress }))) ?? null });
  } catch (error) {
    const { message, cause } = error as Error;
    say({ error: cause ? `${message}: ${(cause as Error).message}` : message });
  }
  socket.end();
}

/** Nothing is there that could be asked. */
export class NotRunning extends Error {}

/** Asks the process that keeps a cluster, and waits for what comes of it. */
export function ask(name: string, request: Request, progress: (line: string) => void): Promise<UpAnswer | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(controlPath(name));
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    const lines = createInterface({ input: socket });
    for (const each of [socket, lines]) each.on('error', error => reject(new NotRunning(error.message)));
    socket.once('close', () => reject(new Error(`the process that keeps cluster ${name} ended`)));
    lines.on('line', text => {
      const line = JSON.parse(text) as Line;
      if ('progress' in line) progress(line.progress);
      else if ('error' in line) reject(new Error(line.error));
      else resolve(line.answer);
    });
  });
}
