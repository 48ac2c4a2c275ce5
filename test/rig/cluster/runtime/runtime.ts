import type { NodeSettings } from '../node-config.ts';

/** Runs a command on the node, with a file as its standard input, and gives its standard output. */
export type RunOnNode = (command: readonly string[], input?: string) => Promise<string>;

/** What a kubelet has run its containers: a daemon that serves the Container Runtime Interface. */
export interface ContainerRuntime {
  /** As ids in a Pod's status begin: `containerd://<id>`. */
  readonly name: 'containerd' | 'cri-o';
  readonly socket: string;
  readonly daemon: readonly string[];
  /** Succeeds once the daemon serves. */
  readonly probe: readonly string[];
  /** Files of the machine's that it needs beside the programs that every node has, by path on the node. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Texts by path on the node. */
  configuration(settings: NodeSettings): Readonly<Record<string, string>>;
  /** Puts an image archive (OCI) into the node, under the names that are in it. */
  load(run: RunOnNode, archive: string): Promise<void>;
  /** The pid of each running container's first process, by the container's id. */
  tasks(run: RunOnNode): Promise<Map<string, number>>;
}
