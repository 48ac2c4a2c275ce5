import { readFileSync } from 'node:fs';
import { type ContainerRef, containerOf } from '../core/violations/cgroup.ts';
import type { Home } from '../core/violations/lineage.ts';

/**
 * Looks where processes are. Takes a /proc of the initial pid namespace and no privilege: /proc/PID/cgroup is readable for all.
 */
export function homesBelow(root: string): (pid: number) => Home | undefined {
  /** One object for each container, however many processes it has. */
  const containers = new Map<string, ContainerRef>();
  return pid => {
    const text = textOf(`/proc/${pid}/cgroup`);
    if (text === undefined) return undefined;
    const found = containerOf(text, root);
    if (!found) return isEnding(pid, text) ? undefined : 'elsewhere';
    const known = containers.get(found.containerId);
    if (known) return known;
    if (containers.size >= MANY) containers.clear();
    containers.set(found.containerId, found);
    return found;
  };
}

/** More containers than a node has; when so many have come and gone, those that are alive are found again. */
const MANY = 2_000;

/** Of linux/sched.h. */
const PF_EXITING = 0x4;

/**
 * A process that is ending, or has ended and waits for its parent, is in the root of each hierarchy of version 1, as if it had
 * never been in a container (`proc_cgroup_show`). What else is in the roots is told apart by its flags (proc_pid_stat(5)).
 */
function isEnding(pid: number, cgroup: string): boolean {
  const paths = [...cgroup.matchAll(/^[1-9]\d*:[^:]*:(.*)$/gm)].map(([, path]) => path);
  if (paths.length === 0 || paths.some(path => path !== '/')) return false;
  const stat = textOf(`/proc/${pid}/stat`);
  // After the command, which may hold anything but ends with the last parenthesis: state, five numbers, flags.
  const flags = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[6];
  return flags === undefined || (Number(flags) & PF_EXITING) !== 0;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
