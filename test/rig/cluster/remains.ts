import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlGroup } from './control-groups.ts';

/** Every cluster of this machine has a directory here, by its name. */
const CLUSTERS = join(tmpdir(), 'seccomp-operator-clusters');

export const clusterDirectory = (name: string): string => join(CLUSTERS, name);

/** The socket on which the process that keeps a cluster for a person is asked to change or end it. */
export const controlPath = (name: string): string => join(CLUSTERS, '.control', `${name}.socket`);

export const clusterGroup = (name: string): ControlGroup => new ControlGroup(`seccomp-operator-${name}`);

/** The directory of a new cluster, which belongs to this process from now on. */
export async function claimDirectory(name: string): Promise<string> {
  const directory = clusterDirectory(name);
  await mkdir(CLUSTERS, { recursive: true, mode: 0o700 });
  await mkdir(directory, { mode: 0o700 });
  await writeFile(join(directory, 'owner'), identity(process.pid) ?? '');
  return directory;
}

/** The pid of the process that keeps a cluster, while it does. */
export async function ownerOf(name: string): Promise<number | undefined> {
  const owner = await readFile(join(clusterDirectory(name), 'owner'), 'utf8').catch(() => '');
  const pid = Number.parseInt(owner, 10);
  return owner && identity(pid) === owner ? pid : undefined;
}

/** What is left of a cluster ends and goes: its processes by its control group, then the group, then its files. */
export async function removeRemains(name: string): Promise<void> {
  const group = clusterGroup(name);
  await group.kill();
  group.remove();
  await rm(clusterDirectory(name), { recursive: true, force: true });
}

/** Removes what was left by processes that were killed together with their janitor; says of which clusters. */
export async function removeOrphans(): Promise<string[]> {
  const removed: string[] = [];
  for (const name of clusterNames()) {
    if (await ownerOf(name)) continue;
    await removeRemains(name);
    removed.push(name);
  }
  return removed;
}

function clusterNames(): string[] {
  try {
    return readdirSync(CLUSTERS).filter(name => !name.startsWith('.'));
  } catch {
    return [];
  }
}

/** Pid and start time (proc_pid_stat(5), field 22): together they are of one process only. Nothing if it has ended. */
function identity(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return fields[0] === 'Z' ? undefined : `${pid} ${fields[19]}`;
  } catch {
    return undefined;
  }
}
