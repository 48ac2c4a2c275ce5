/** Child processes that tests and the demo start: each is ended by its pid, and none outlives the process that started it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

export interface ProcessOptions {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; without it, this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Takes standard output and standard error, appended. */
  readonly logFile: string;
  readonly cwd?: string;
  /** How long `stop()` waits after SIGTERM before SIGKILL, in milliseconds; 5000 without it. */
  readonly graceMs?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the process has ended, however it did; never rejects. */
  readonly exited: Promise<Exit>;
  /** SIGTERM, then SIGKILL after the grace time; also ends a paused process. Harmless when it has ended. */
  stop(): Promise<void>;
  kill(signal?: NodeJS.Signals): void;
  /** SIGSTOP: the process keeps its sockets and answers nothing, as a frozen machine does. */
  pause(): void;
  resume(): void;
  /** What it has printed so far. */
  log(): Promise<string>;
}

const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/**
 * The 'exit' handler above does not run when this process is killed, so the kernel is asked to pass the death on
 * (PR_SET_PDEATHSIG in prctl(2)). setpriv execs the program: its pid is the program's. Other systems have no such call.
 */
const TIED_TO_US = ['setpriv', '--pdeathsig', 'KILL'] as const;
const canTie = spawnSync(TIED_TO_US[0], [...TIED_TO_US.slice(1), 'true'], { stdio: 'ignore' }).status === 0;

/** Starts a program in a session of its own, so that a terminal's Ctrl-C reaches us alone and we end it in order. */
export function startProcess(options: ProcessOptions): RunningProcess {
  const [command, ...args] = [...(canTie ? TIED_TO_US : []), options.command, ...options.args] as [string, ...string[]];
  const log = openSync(options.logFile, 'a');
  const child = spawn(command, args, {
    stdio: ['ignore', log, log],
    detached: true,
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(log);
  const exited = exitOf(child);
  if (child.pid === undefined) throw new Error(`${options.name}: cannot start ${command}`);
  return {
    name: options.name,
    pid: child.pid,
    logFile: options.logFile,
    exited,
    stop: () => stop(child, exited, options.graceMs ?? 5000),
    kill: signal => void child.kill(signal ?? 'SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    log: () => readFile(options.logFile, 'utf8'),
  };
}

function exitOf(child: ChildProcess): Promise<Exit> {
  living.add(child);
  return new Promise(resolve => {
    const ended = (code: number | null, signal: NodeJS.Signals | null) => {
      living.delete(child);
      resolve({ code, signal });
    };
    child.once('exit', ended);
    child.once('error', () => ended(null, null));
  });
}

async function stop(child: ChildProcess, exited: Promise<Exit>, graceMs: number): Promise<void> {
  child.kill('SIGTERM');
  // A stopped process takes no signal but SIGKILL until it continues.
  child.kill('SIGCONT');
  const impatience = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(impatience);
}

/** First port that Linux gives to outgoing connections (net.ipv4.ip_local_port_range). */
const FIRST_EPHEMERAL_PORT = 32768;
const FIRST_PORT = 20000;

/**
 * A port of 127.0.0.1 where nobody listens. Never one of the ephemeral range: while a server restarts there, a client that
 * keeps trying would sooner or later be given that very port for its own end, and connect to itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (FIRST_EPHEMERAL_PORT - FIRST_PORT));
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}
