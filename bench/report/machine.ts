import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';

/** Where a suite ran, for whoever compares figures. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly kubernetes: string;
  /** Processes that ran or wanted to, on average over a minute (proc_loadavg(5)); cores are enough for as many. */
  readonly load: { readonly before: number; readonly after: number };
}

const MODULE = join(import.meta.dirname, '..', '..', 'test/rig/kube/go.mod');

export function machine(loadBefore: number): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release().replace(/-.*/, ''),
    node: process.version,
    kubernetes: /k8s\.io\/kubernetes (v\S+)/.exec(readFileSync(MODULE, 'utf8'))?.[1] ?? 'unknown',
    load: { before: loadBefore, after: load() },
  };
}

export const load = (): number => Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);

export function machineText({ cores, processor, memoryGiB, kernel, node, kubernetes, load }: Machine): string {
  const hardware = `${cores} cores (${processor}), ${memoryGiB} GiB`;
  return `${hardware}, Linux ${kernel}, Node ${node}, Kubernetes ${kubernetes}, load ${load.before} before, ${load.after} after`;
}
