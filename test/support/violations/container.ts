import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

const PROGRAM = join(import.meta.dirname, 'filtered.ts');

export const LOG = 0x7ffc0000;
export const KILL_PROCESS = 0x80000000;

/** What filtered.ts says of itself. */
export interface Made {
  readonly calls: number;
  readonly seconds: number;
}

/**
 * A shell that runs the program given after a cgroup, and waits for its input to end: as in a container, what makes the calls
 * is forked by a process that is in the cgroup already, and is there still when the records are read.
 */
const FIRST_PROCESS = '[ "$0" = - ] || echo $$ > "$0/cgroup.procs"; "$@" && exec >&- && read -r _';

/** Runs the steps of filtered.ts in this process's own cgroup: in no container. */
export async function runFiltered(action: number, ...steps: string[]): Promise<Made> {
  const run = new Run('-', action, steps);
  const made = await run.made();
  await run.end();
  return made;
}

class Run {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #closed: Promise<unknown>;

  constructor(directory: string, action: number, steps: readonly string[]) {
    const args = ['-c', FIRST_PROCESS, directory, process.execPath, PROGRAM, String(action), ...steps];
    this.#child = spawn('sh', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#closed = once(this.#child, 'exit');
  }

  /** What filtered.ts says of itself when it has made its calls. */
  async made(): Promise<Made> {
    const said = await text(this.#child.stdout);
    if (!said) throw new Error(`filtered.ts failed: ${JSON.stringify(this.#child.spawnargs)}`);
    return JSON.parse(said);
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#closed;
  }
}

/**
 * Cgroups that are named as a kubelet and containerd name those of containers, below a directory of their own, as on a machine
 * with several nodes. Takes root.
 */
export class FakeNode {
  readonly #root = join(hierarchy(), `violations-test-${randomBytes(4).toString('hex')}`);
  readonly #directories = new Set<string>();
  readonly #containers: FakeContainer[] = [];

  container(podUid: string): FakeContainer {
    const id = randomBytes(32).toString('hex');
    const directory = join(this.#root, 'kubepods/besteffort', `pod${podUid}`, id);
    mkdirSync(directory, { recursive: true });
    for (let each = directory; each !== dirname(this.#root); each = dirname(each)) this.#directories.add(each);
    const container = new FakeContainer(podUid, id, directory);
    this.#containers.push(container);
    return container;
  }

  async remove(): Promise<void> {
    for (const each of this.#containers) await each.end();
    for (const each of [...this.#directories].sort().reverse()) rmdirSync(each);
  }
}

export class FakeContainer {
  readonly podUid: string;
  readonly id: string;
  readonly directory: string;
  readonly #runs: Run[] = [];

  constructor(podUid: string, id: string, directory: string) {
    this.podUid = podUid;
    this.id = id;
    this.directory = directory;
  }

  /** Runs the steps of filtered.ts in it. */
  run(action: number, ...steps: string[]): Promise<Made> {
    const run = new Run(this.directory, action, steps);
    this.#runs.push(run);
    return run.made();
  }

  async end(): Promise<void> {
    for (const run of this.#runs.splice(0)) await run.end();
  }
}

/** Where a cgroup hierarchy is mounted in which cgroups can be made: version 2, or the one of pids of version 1. */
function hierarchy(): string {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line => line.split(' '))
    .filter(fields => fields.includes('cgroup2') || (fields.includes('cgroup') && fields.at(-1)?.includes('pids')))
    .map(fields => fields[4] as string);
  const [first] = mounts.sort((a, b) => Number(b.endsWith('/pids')) - Number(a.endsWith('/pids')));
  if (!first) throw new Error('no cgroup hierarchy is mounted');
  return first;
}
