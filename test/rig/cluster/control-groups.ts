import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../until.ts';

const MOUNT = '/sys/fs/cgroup';
/** cgroups(7): version 2 has one hierarchy, version 1 one for each controller. */
const isUnified = existsSync(join(MOUNT, 'cgroup.controllers'));

/**
 * A control group of our own in every hierarchy. All that a cluster starts is in it, and what those start in turn, so
 * it says which processes are ours, whoever their parent has become.
 */
export class ControlGroup {
  readonly name: string;

  /** `name`: its path below the hierarchies' roots. */
  constructor(name: string) {
    this.name = name;
  }

  child(name: string): ControlGroup {
    return new ControlGroup(`${this.name}/${name}`);
  }

  create(): void {
    for (const hierarchy of hierarchies()) mkdirSync(join(hierarchy, this.name), { recursive: true });
    const levels = this.name.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
    if (isUnified) for (const level of ['', ...levels.slice(0, -1)]) delegate(join(MOUNT, level));
    else for (const level of levels) inheritProcessors(level);
  }

  /** The file into which a process writes its own pid to become a member, before it becomes what it shall be. */
  get membership(): string {
    return join(TRACKED, this.name, 'cgroup.procs');
  }

  /** Every process in it and in those below it. */
  pids(): number[] {
    return below(join(TRACKED, this.name)).flatMap(directory => numbers(join(directory, 'cgroup.procs')));
  }

  /** Ends all of them, and again those that they had started meanwhile. */
  async kill(): Promise<void> {
    await until(`the processes of control group ${this.name} have ended`, () => {
      const pids = this.pids();
      for (const pid of pids) kill(pid);
      return pids.length === 0;
    });
  }

  /** Without processes it can go. */
  remove(): void {
    for (const hierarchy of hierarchies())
      for (const directory of below(join(hierarchy, this.name)).reverse()) rmdirSync(directory);
  }
}

/** Version 1 has no hierarchy that is there for its own sake; every machine has this one, and so has every kubelet. */
const TRACKED = isUnified ? MOUNT : join(MOUNT, 'pids');

function hierarchies(): string[] {
  if (isUnified) return [MOUNT];
  const all = readdirSync(MOUNT, { withFileTypes: true }).filter(each => each.isDirectory());
  return all.map(({ name }) => join(MOUNT, name)).filter(path => existsSync(join(path, 'cgroup.procs')));
}

/** A directory and those below it, parents first; nothing if it is not there. */
function below(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const children = readdirSync(directory, { withFileTypes: true }).filter(each => each.isDirectory());
  return [directory, ...children.flatMap(({ name }) => below(join(directory, name)))];
}

/** Version 1: a new cpuset has no processors, and takes no process until it has. */
function inheritProcessors(level: string): void {
  const root = join(MOUNT, 'cpuset');
  if (!existsSync(root)) return;
  for (const file of ['cpuset.cpus', 'cpuset.mems'])
    writeFileSync(join(root, level, file), readFileSync(join(root, level, '..', file)));
}

/** Version 2: what the groups below may use has to be named. */
function delegate(directory: string): void {
  const available = readFileSync(join(directory, 'cgroup.controllers'), 'utf8').trim().split(' ');
  for (const controller of available.filter(Boolean))
    try {
      writeFileSync(join(directory, 'cgroup.subtree_control'), `+${controller}`);
    } catch (error) {
      if (['cpu', 'cpuset', 'memory', 'pids'].includes(controller))
        throw new Error(`cgroup controller ${controller} cannot be used below ${directory}, and a kubelet needs it`, {
          cause: error,
        });
    }
}

function numbers(file: string): number[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return []; // The group has gone meanwhile.
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
