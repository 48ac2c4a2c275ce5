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
    if (!found) return hasEnded(pid, text) ? undefined : 'elsewhere';
    const known = containers.get(found.containerId);
    if (known) return known;
    if (containers.size >= MANY) containers.clear();
    containers.set(found.containerId, found);
    return found;
  };
}

/** More containers than a node has; when so many have come and gone, those that are alive are found again. */
const MANY = 2_000;

/** A process that has ended and waits for its parent is in the root of each hierarchy of version 1 (`proc_cgroup_show`). */
function hasEnded(pid: number, cgroup: string): boolean {
  if (/:\/./.test(cgroup)) return false;
  const stat = textOf(`/proc/${pid}/stat`);
  return stat === undefined || /\) [ZX] /.test(stat);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
