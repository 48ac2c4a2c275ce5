import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PROGRAM = join(import.meta.dirname, 'filtered.ts');

export const LOG = 0x7ffc0000;
export const KILL_PROCESS = 0x80000000;

/** What filtered.ts says of itself. */
export interface Made {
  readonly calls: number;
  readonly seconds: number;
}

/** Runs it in this cgroup, or in ours. */
export async function runFiltered(directory: string | undefined, action: number, ...steps: string[]): Promise<Made> {
  const args = [PROGRAM, directory ?? '-', String(action), ...steps];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', chunk => {
    said += chunk;
  });
  const code = await new Promise(resolve => child.once('close', resolve));
  if (code !== 0) throw new Error(`filtered.ts ended with ${code}`);
  return JSON.parse(said);
}

/**
 * Cgroups that are named as a kubelet and containerd name those of containers, below a directory of their own, as on a machine
 * with several nodes. Takes root.
 */
export class FakeNode {
  readonly #root = join(hierarchy(), `violations-test-${randomBytes(4).toString('hex')}`);
  readonly #directories = new Set<string>();

  container(podUid: string): FakeContainer {
    const id = randomBytes(32).toString('hex');
    const directory = join(this.#root, 'kubepods/besteffort', `pod${podUid}`, id);
    mkdirSync(directory, { recursive: true });
    for (let each = directory; each !== dirname(this.#root); each = dirname(each)) this.#directories.add(each);
    return new FakeContainer(podUid, id, directory);
  }

  /** All processes have ended. */
  remove(): void {
    for (const each of [...this.#directories].sort().reverse()) rmdirSync(each);
  }
}

export class FakeContainer {
  readonly podUid: string;
  readonly id: string;
  readonly directory: string;

  constructor(podUid: string, id: string, directory: string) {
    this.podUid = podUid;
    this.id = id;
    this.directory = directory;
  }

  /** Runs the steps of filtered.ts in it. */
  run(action: number, ...steps: string[]): Promise<Made> {
    return runFiltered(this.directory, action, ...steps);
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
