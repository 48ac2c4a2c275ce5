/** What the benchmark and the processes that hold its simulated nodes say to each other. Times: ms since the epoch. */

export interface SimulatedNode {
  readonly name: string;
  /** Bound to a Pod on that node, as the kubelet would have it. */
  readonly token: string;
  readonly kubeletRoot: string;
}

/**
 * `agent`: the real agent's code. `watcher`: a client that watches the rendered ConfigMaps and does nothing with them.
 * `worker`: one that also does the least that has to be done for each: a file, synced and renamed, and a report.
 */
export type Role = 'agent' | 'watcher' | 'worker';

export interface HostOptions {
  readonly role: Role;
  readonly server: string;
  readonly ca: string;
  readonly agentNamespace: string;
  readonly nodes: readonly SimulatedNode[];
}

/** How far a host's nodes have come with one profile. */
export interface Progress {
  readonly profile: string;
  /** On how many nodes it has arrived, counting each arrival: an edit of a profile counts again. */
  readonly arrived: number;
  readonly first: number;
  readonly last: number;
}

export type FromHost = { readonly is: 'running' } | { readonly is: 'progress'; readonly all: readonly Progress[] };

export const now = (): number => performance.timeOrigin + performance.now();
