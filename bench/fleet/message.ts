/** What the benchmark and the processes that hold its simulated nodes say to each other. Times: ms since the epoch. */

export interface SimulatedNode {
  readonly name: string;
  /** Bound to a Pod on that node, as the kubelet would have it. */
  readonly token: string;
  readonly kubeletRoot: string;
}

export interface HostOptions {
  /** `agent`: the real agent; `watcher`: a client that watches the rendered ConfigMaps and does nothing with them. */
  readonly role: 'agent' | 'watcher';
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

export type FromHost =
  | { readonly is: 'running' }
  | { readonly is: 'progress'; readonly all: readonly Progress[] }
  | { readonly is: 'memory'; readonly rss: number };

export const now = (): number => performance.timeOrigin + performance.now();
