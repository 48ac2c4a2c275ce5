import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { kubernetesVersion } from '../binaries.ts';
import type { Progress } from '../cache.ts';
import { ControlPlane } from '../control-plane.ts';
import { imageArchive } from '../images/images.ts';
import { BUSYBOX, PAUSE } from '../images/recipes.ts';
import { findNodeBinaries } from '../node-binaries.ts';
import { ManagedProcess } from '../process.ts';
import { until } from '../until.ts';
import type { ControlGroup } from './control-groups.ts';
import { Janitor } from './janitor.ts';
import { joining } from './joining.ts';
import { checkMachine } from './machine.ts';
import { ClusterNetwork, MAX_NODES } from './network.ts';
import { ClusterNode } from './node.ts';
import type { HostNetwork } from './node-config.ts';
import { claimDirectory, clusterGroup, removeOrphans } from './remains.ts';
import { containerd } from './runtime/containerd.ts';
import { criO } from './runtime/cri-o.ts';
import type { ContainerRuntime } from './runtime/runtime.ts';

export interface ClusterOptions {
  /** Unique on the machine; one is made if it is not given. */
  readonly name?: string;
  readonly nodes?: number;
  /** Of its first nodes. */
  readonly kubeletRoot?: string;
  /** Of its first nodes; containerd if it is not given. */
  readonly runtime?: ContainerRuntime['name'];
  /** A minor version such as v1.36. */
  readonly kubernetes?: string;
  /** Image archives that every node gets, also one that joins later. */
  readonly images?: readonly string[];
  /** Writes each request's metadata to the control plane's audit log. */
  readonly audit?: boolean;
  /** 'machine' where Pods with hostNetwork shall receive the kernel's audit records; they share ports with the machine then. */
  readonly hostNetwork?: HostNetwork;
  readonly progress?: Progress;
}

export interface NewNode {
  /** The kubelet's --root-dir. */
  readonly kubeletRoot?: string;
  /** containerd if it is not given. */
  readonly runtime?: ContainerRuntime['name'];
  /** Key of a taint (NoSchedule) that the kubelet registers with; the node counts as there once somebody has removed it. */
  readonly startupTaint?: string;
}

/** A Kubernetes cluster with real nodes on this machine, in a network and a control group of its own. */
export class Cluster {
  readonly name: string;
  readonly directory: string;
  /** Minor version, such as v1.37. */
  readonly kubernetes: string;
  readonly nodes = new Map<string, ClusterNode>();
  plane!: ControlPlane;
  readonly #group: ControlGroup;
  readonly #janitor: Janitor;
  readonly #images: string[];
  readonly #hostNetwork: HostNetwork;
  readonly #progress: Progress;
  #network!: ClusterNetwork;
  #nodePrograms!: string;
  #proxy: ManagedProcess | undefined;

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const { progress = () => {}, images = [], nodes = 1, name = `test-${randomBytes(4).toString('hex')}` } = options;
    const kubernetes = await kubernetesVersion(options.kubernetes);
    await checkMachine(progress);
    for (const orphan of await removeOrphans()) progress(`removed what was left of cluster ${orphan}`);
    const own = [await imageArchive(PAUSE, progress), await imageArchive(BUSYBOX, progress)];
    const nodePrograms = await findNodeBinaries(progress);
    const directory = await claimDirectory(name);
    const cluster = new Cluster(directory, { ...options, name, kubernetes, images: [...own, ...images], progress });
    try {
      cluster.#nodePrograms = nodePrograms;
      await cluster.#startControlPlane(options);
      const { kubeletRoot, runtime } = options;
      await cluster.addNodes(nodes, { ...(kubeletRoot && { kubeletRoot }), ...(runtime && { runtime }) });
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private constructor(
    directory: string,
    options: Required<Pick<ClusterOptions, 'name' | 'kubernetes' | 'images' | 'progress'>> & ClusterOptions,
  ) {
    this.name = options.name;
    this.kubernetes = options.kubernetes;
    this.directory = directory;
    this.#images = [...options.images];
    this.#hostNetwork = options.hostNetwork ?? 'cluster';
    this.#progress = options.progress;
    this.#group = clusterGroup(this.name);
    this.#janitor = new Janitor(this.name);
  }

  node(name: string): ClusterNode {
    const node = this.nodes.get(name);
    if (!node) throw new Error(`no node ${name}: there are ${[...this.nodes.keys()].join(', ')}`);
    return node;
  }

  /** Nodes that are Ready and take Pods. */
  async addNodes(count: number, options: NewNode = {}): Promise<ClusterNode[]> {
    const joined = await Promise.all(Array.from({ length: count }, () => this.#join(options)));
    if (joined.length) await this.#startProxy();
    await Promise.all(joined.map(node => this.#usable(node.name)));
    return joined;
  }

  async addNode(options: NewNode = {}): Promise<ClusterNode> {
    return (await this.addNodes(1, options))[0] as ClusterNode;
  }

  /** Switches a node off and removes its Node object. */
  async removeNode(name: string): Promise<void> {
    const node = this.node(name);
    if (node.number === 1) throw new Error(`${name} cannot leave: kube-proxy serves all nodes in its name`);
    await node.destroy();
    this.nodes.delete(name);
    await this.plane.kubectl(['delete', 'node', name, '--ignore-not-found']);
  }

  /** Puts an image archive into every node, also into those that join later. */
  async load(archive: string): Promise<void> {
    await Promise.all([...this.nodes.values()].map(node => node.load(archive)));
    this.#images.push(archive);
  }

  async stop(): Promise<void> {
    // In order: what is left without its servers does not write about it.
    for (const node of this.nodes.values()) await node.kubelet?.kill();
    await this.plane?.stop();
    await this.#janitor.cleanUp();
  }

  async #startControlPlane({ audit = false }: ClusterOptions): Promise<void> {
    this.#group.create();
    const daemons = this.#daemons;
    daemons.create();
    const holder = this.#process('network', joining(daemons, ['unshare', '--net', 'sleep', 'infinity']));
    await until('the network namespace', () => namespaceOf(holder.pid) !== namespaceOf('self'));
    this.#network = await ClusterNetwork.create(holder.pid);
    this.#progress('starting etcd and the control plane');
    this.plane = await ControlPlane.start({
      audit,
      kubernetes: this.kubernetes,
      progress: this.#progress,
      site: {
        directory: this.directory,
        enter: joining(daemons, this.#network.enter),
        address: this.#network.apiServer,
        serviceRange: this.#network.serviceRange,
        apiService: this.#network.apiService,
      },
    });
  }

  /** Starts a node; that it is Ready is for {@link #usable} to see. */
  async #join({ kubeletRoot, startupTaint, runtime }: NewNode): Promise<ClusterNode> {
    const number = this.#freeNumber();
    const name = `node-${number}`;
    this.#joining.add(number);
    try {
      this.#progress(`starting ${name}`);
      const node = await ClusterNode.start({
        name,
        number,
        plane: this.plane,
        network: this.#network,
        controlGroup: this.#group.child(name),
        directory: join(this.directory, name),
        nodePrograms: this.#nodePrograms,
        runtime: runtime === 'cri-o' ? await criO(this.#progress) : containerd,
        pauseImage: PAUSE.name,
        hostNetwork: this.#hostNetwork,
        ...(kubeletRoot && { kubeletRoot }),
        ...(startupTaint && { startupTaint }),
      });
      for (const archive of this.#images) await node.load(archive);
      node.startKubelet();
      this.nodes.set(name, node);
      return node;
    } finally {
      this.#joining.delete(number);
    }
  }

  readonly #joining = new Set<number>();

  #freeNumber(): number {
    const taken = new Set([...this.#joining, ...[...this.nodes.values()].map(node => node.number)]);
    for (let number = 1; number <= MAX_NODES; number++) if (!taken.has(number)) return number;
    throw new Error(`a cluster has room for ${MAX_NODES} nodes`);
  }

  /** Once it is Ready its taint is still there for a moment. */
  async #usable(name: string): Promise<void> {
    const wanted = '{.status.conditions[?(@.type=="Ready")].status} {.spec.taints}';
    await until(
      `${name} is Ready`,
      async () => {
        const { kubelet } = this.node(name);
        if (!kubelet.isRunning) throw new Error(`its kubelet ended: ${kubelet.log().slice(-1000)}`);
        return (await this.plane.kubectl(['get', 'node', name, '-o', `jsonpath=${wanted}`])).trim() === 'True';
      },
      { timeoutMs: 120_000, everyMs: 250 },
    );
    this.#progress(`${name} is Ready`);
  }

  /** The nodes share one network namespace, so that one proxy serves them all. */
  async #startProxy(): Promise<void> {
    if (this.#proxy) return;
    const kubeconfig = await this.plane.kubeconfigOf('kube-proxy', '/CN=system:kube-proxy');
    const flags = {
      kubeconfig,
      'hostname-override': 'node-1',
      'proxy-mode': 'nftables',
      'bind-address': this.#network.nodeAddress(1),
      'cluster-cidr': this.#network.podRange,
      'nodeport-addresses': `${this.#network.nodeAddress(1)}/32`,
      // These limits are the whole machine's.
      'conntrack-max-per-core': '0',
      'conntrack-tcp-timeout-established': '0',
      'conntrack-tcp-timeout-close-wait': '0',
    };
    const program = join(this.plane.programs, 'kube-proxy');
    const words = [program, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)];
    this.#proxy = this.#process('kube-proxy', joining(this.#daemons, [...this.#network.enter, ...words]));
  }

  get #daemons(): ControlGroup {
    return this.#group.child('daemons');
  }

  #process(name: string, words: readonly string[]): ManagedProcess {
    const [command, ...args] = words as [string, ...string[]];
    return new ManagedProcess({ name, command, args, logFile: join(this.directory, `${name}.log`) });
  }
}

const namespaceOf = (pid: number | 'self'): string => readlinkSync(`/proc/${pid}/ns/net`);
