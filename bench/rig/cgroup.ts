import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ManagedProcess } from '../../test/rig/process.ts';

const HIERARCHY = '/sys/fs/cgroup/memory';

/** A memory control group (v1) of our own, for one process. */
export class MemoryGroup {
  readonly #directory: string;

  /** Nothing where there is no such hierarchy or we may not write to it. */
  static async create(name: string, limitBytes?: number): Promise<MemoryGroup | undefined> {
    const directory = join(HIERARCHY, `seccomp-operator-bench-${process.pid}-${name}`);
    try {
      await readFile(join(HIERARCHY, 'memory.usage_in_bytes'));
      await mkdir(directory);
      if (limitBytes !== undefined) await writeFile(join(directory, 'memory.limit_in_bytes'), String(limitBytes));
      return new MemoryGroup(directory);
    } catch {
      return undefined;
    }
  }

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** The same program started again inside the group: memory is charged where it is first touched. */
  async restart(old: ManagedProcess, executable?: string): Promise<ManagedProcess> {
    await old.stop();
    const enter = `echo $$ > ${this.#directory}/cgroup.procs && exec "$@"`;
    const { command, args, ...rest } = old.options;
    // Of a program that this has started before, the arguments only.
    const given = args[1] === enter ? args.slice(3) : [command, ...args];
    const started = executable ? [executable, ...given.slice(1)] : given;
    return new ManagedProcess({ ...rest, command: 'sh', args: ['-c', enter, 'sh', ...started] });
  }

  /** In bytes, as the kubelet's cAdvisor counts it: all that is charged, less the file pages that went unused. */
  async workingSet(): Promise<number> {
    const usage = Number(await readFile(join(this.#directory, 'memory.usage_in_bytes'), 'utf8'));
    const stat = await readFile(join(this.#directory, 'memory.stat'), 'utf8');
    const inactive = Number(/^total_inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0);
    return usage - inactive;
  }

  /** The most that was charged at a time, in bytes. */
  async peak(): Promise<number> {
    return Number(await readFile(join(this.#directory, 'memory.max_usage_in_bytes'), 'utf8'));
  }

  /** Once its process has ended. */
  async remove(): Promise<void> {
    await rmdir(this.#directory);
  }
}
