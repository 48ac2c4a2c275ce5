import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** A process of our own, ended by its pid: also when a test fails, and (on Linux) when this process is killed. */
export class ManagedProcess {
  readonly options: ProcessOptions;
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(options: ProcessOptions) {
    this.options = options;
    const log = openSync(options.logFile, 'a');
    const [command, args] = dyingWithParent(options.command, options.args);
    // In a process group of its own: a Ctrl-C at the terminal is for us, who end them in order.
    const settings = { env: { ...process.env, ...options.env }, detached: true };
    this.#child = spawn(command, args, { ...settings, stdio: ['ignore', log, log] });
    closeSync(log);
    running.add(this);
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('exit', code => {
        running.delete(this);
        resolve(code);
      });
      this.#child.once('error', reject);
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(signal);
  }

  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  /** Asks it to end; after ten seconds it is killed. */
  async stop(): Promise<void> {
    this.resume();
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), 10_000);
    await this.exited;
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  log(): string {
    return readFileSync(this.options.logFile, 'utf8');
  }
}

const running = new Set<ManagedProcess>();
process.on('exit', () => {
  for (const each of running) each.signal('SIGKILL');
});

/** The kernel ends it with us: prctl(2), PR_SET_PDEATHSIG. */
function dyingWithParent(command: string, args: readonly string[]): [string, readonly string[]] {
  return hasSetpriv() ? ['setpriv', ['--pdeathsig', 'KILL', command, ...args]] : [command, args];
}

let setpriv: boolean | undefined;
function hasSetpriv(): boolean {
  setpriv ??= spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0;
  return setpriv;
}

/** Ports that are free now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  return Promise.all(
    servers.map(async ({ server, port }) => {
      await new Promise(resolve => server.close(resolve));
      return port;
    }),
  );
}

function listen(): Promise<{ server: ReturnType<typeof createServer>; port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address ? address.port : 0 });
    });
  });
}
