import { mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type Progress = (line: string) => void;

/** Where programs and images are kept that take long to make (XDG Base Directory Specification). */
export function cachePath(name: string): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'seccomp-operator', name);
}

/**
 * Fills a directory beside its place and moves it there, so that a half-filled one is never taken for good. The lock is
 * held: what is beside its place already was left by a process that was killed.
 */
export async function place(directory: string, fill: (into: string) => Promise<boolean>): Promise<boolean> {
  const into = `${directory}.new`;
  await rm(into, { recursive: true, force: true });
  await mkdir(into);
  try {
    if (!(await fill(into))) return false;
    await rm(directory, { recursive: true, force: true });
    await rename(into, directory);
    return true;
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}

/** One process fetches or builds, others wait for it. */
export async function locked<T>(directory: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  const lock = `${directory}.holder`;
  await mkdir(join(lock, '..'), { recursive: true });
  let isTold = false;
  while (!(await take(lock))) {
    if (!isTold) progress('another process is getting it; waiting for that one');
    isTold = true;
    await sleep(1_000);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** The lock is a link to the pid of its holder: made in one step, and void once that process has ended. */
async function take(lock: string): Promise<boolean> {
  try {
    await symlink(String(process.pid), lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = await readlink(lock).catch(() => undefined);
    if (holder && !isAlive(Number(holder))) await rm(lock, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: there is one, of another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
