import { mkdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ManagedProcess } from '../test/rig/process.ts';

const HIERARCHY = '/sys/fs/cgroup/memory';

/** A memory control group (v1) of our own, for one process. */
export class MemoryGroup {
  readonly #directory: string;

  /** Nothing where there is no such hierarchy or we may not write to it. */
  static async create(name: string): Promise<MemoryGroup | undefined> {
    const directory = join(HIERARCHY, `seccomp-operator-bench-${process.pid}-${name}`);
    try {
      await readFile(join(HIERARCHY, 'memory.usage_in_bytes'));
      await mkdir(directory);
      return new MemoryGroup(directory);
    } catch {
      return undefined;
    }
  }

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** The same program started again inside the group: memory is charged where it is first touched. */
  async restart(old: ManagedProcess): Promise<ManagedProcess> {
    await old.stop();
    const enter = `echo $$ > ${this.#directory}/cgroup.procs && exec "$@"`;
    const { command, args, ...rest } = old.options;
    return new ManagedProcess({ ...rest, command: 'sh', args: ['-c', enter, 'sh', command, ...args] });
  }

  /** In bytes, as the kubelet's cAdvisor counts it: all that is charged, less the file pages that went unused. */
  async workingSet(): Promise<number> {
    const usage = Number(await readFile(join(this.#directory, 'memory.usage_in_bytes'), 'utf8'));
    const stat = await readFile(join(this.#directory, 'memory.stat'), 'utf8');
    const inactive = Number(/^total_inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0);
    return usage - inactive;
  }

  /** Once its process has ended. */
  async remove(): Promise<void> {
    await rmdir(this.#directory);
  }
}
