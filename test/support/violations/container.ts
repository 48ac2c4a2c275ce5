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

/** A cgroup that is named as a kubelet and containerd name that of a container. Takes root. */
export class FakeContainer {
  readonly podUid: string;
  readonly id = randomBytes(32).toString('hex');
  readonly #directories: string[] = [];

  constructor(podUid: string) {
    this.podUid = podUid;
    const own = join(hierarchy(), `violations-test-${randomBytes(4).toString('hex')}`);
    const container = join(own, 'kubepods/besteffort', `pod${podUid}`, this.id);
    mkdirSync(container, { recursive: true });
    for (let each = container; each !== dirname(own); each = dirname(each)) this.#directories.push(each);
  }

  get directory(): string {
    return this.#directories[0] as string;
  }

  /** Runs the steps of filtered.ts in it. */
  run(action: number, ...steps: string[]): Promise<Made> {
    return runFiltered(this.directory, action, ...steps);
  }

  /** Its processes have ended. */
  remove(): void {
    for (const each of this.#directories) rmdirSync(each);
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
