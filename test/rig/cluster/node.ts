import { spawn } from 'node:child_process';
import { copyFile, mkdir, open, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ControlPlane } from '../control-plane.ts';
import { ManagedProcess } from '../process.ts';
import { until } from '../until.ts';
import type { ControlGroup } from './control-groups.ts';
import { joining } from './joining.ts';
import type { ClusterNetwork } from './network.ts';
import { type HostNetwork, kubeletConfig, type NodeSettings, networkConfig } from './node-config.ts';
import { ENTER_NODE_ROOT, KUBE_PROGRAMS, makeNodeRoot, NODE_PROGRAMS } from './node-root.ts';
import type { ContainerRuntime } from './runtime/runtime.ts';

export interface NodeOptions {
  readonly name: string;
  readonly number: number;
  readonly plane: ControlPlane;
  readonly network: ClusterNetwork;
  readonly controlGroup: ControlGroup;
  /** For all that the node writes. */
  readonly directory: string;
  readonly nodePrograms: string;
  readonly runtime: ContainerRuntime;
  readonly pauseImage: string;
  /** The kubelet's --root-dir, in the node's own root. */
  readonly kubeletRoot?: string;
  readonly hostNetwork?: HostNetwork;
  /** Key of a taint that the kubelet registers with. */
  readonly startupTaint?: string;
}

/** OVERLAYFS_SUPER_MAGIC of <linux/magic.h>. */
const OVERLAYFS = 0x794c7630;

/** A real node: a container runtime and a kubelet that share a root file system and a control group of their own. */
export class ClusterNode {
  readonly name: string;
  readonly number: number;
  readonly kubeletRoot: string;
  readonly #options: NodeOptions;
  readonly #controlGroup: ControlGroup;
  #holder!: ManagedProcess;
  #runtime!: ManagedProcess;
  #kubelet!: ManagedProcess;

  static async start(options: NodeOptions): Promise<ClusterNode> {
    const node = new ClusterNode(options);
    await node.#prepare();
    await node.#hold();
    await node.startRuntime();
    return node;
  }

  private constructor(options: NodeOptions) {
    this.name = options.name;
    this.number = options.number;
    this.kubeletRoot = options.kubeletRoot ?? '/var/lib/kubelet';
    this.#options = options;
    this.#controlGroup = options.controlGroup;
  }

  get kubelet(): ManagedProcess {
    return this.#kubelet;
  }

  /** The container runtime's daemon. */
  get runtime(): ManagedProcess {
    return this.#runtime;
  }

  /** Where the machine has a file of the node's. */
  path(file: string): string {
    return join(this.#root, file);
  }

  /** Where the machine has the node's profiles. */
  get profiles(): string {
    return this.path(join(this.kubeletRoot, 'seccomp/operator'));
  }

  /** Standard output of a command that runs on the node; it reads the file, if one is given. */
  async run(command: readonly string[], input?: string): Promise<string> {
    const [program, ...args] = [...this.#enter, ...command] as [string, ...string[]];
    const file = input ? await open(input) : undefined;
    try {
      const child = spawn(program, args, { env: ENVIRONMENT, stdio: [file?.fd ?? 'ignore', 'pipe', 'pipe'] });
      const ended = new Promise<number | null>(resolve => child.once('close', resolve));
      const [stdout, stderr] = await Promise.all(
        [child.stdout, child.stderr].map(async stream => (await stream?.setEncoding('utf8').toArray())?.join('') ?? ''),
      );
      if ((await ended) !== 0) throw new Error(`on ${this.name}: ${command.join(' ')}: ${stderr}`);
      return stdout ?? '';
    } finally {
      await file?.close();
    }
  }

  /** Puts an image archive (OCI or Docker) into the node, under the names that are in it. */
  async load(archive: string): Promise<void> {
    await this.#options.runtime.load((...words) => this.run(...words), archive);
  }

  /** The pid of each running container's first process, by the container's id. */
  async containerTasks(): Promise<Map<string, number>> {
    return this.#options.runtime.tasks((...words) => this.run(...words));
  }

  async startRuntime(): Promise<void> {
    const { name, daemon, probe } = this.#options.runtime;
    // Containers that ask for the host's network stay in the runtime's.
    const enter = this.#hostNetwork === 'machine' ? this.#enterFrom('self') : this.#enter;
    this.#runtime = this.#start(name, [...enter, ...daemon]);
    await this.#answers(this.#runtime, () => this.run(probe));
  }

  startKubelet(): void {
    const { startupTaint } = this.#options;
    this.#kubelet = this.#process('kubelet', [
      `${KUBE_PROGRAMS}/kubelet`,
      '--config=/etc/kubernetes/kubelet.json',
      '--kubeconfig=/etc/kubernetes/kubelet.kubeconfig',
      `--root-dir=${this.kubeletRoot}`,
      `--hostname-override=${this.name}`,
      `--node-ip=${this.#options.network.nodeAddress(this.number)}`,
      ...(startupTaint ? [`--register-with-taints=${startupTaint}:NoSchedule`] : []),
    ]);
  }

  /** All that runs on it ends at once, and what is in memory is gone, as when a machine loses its power. */
  async switchOff(): Promise<void> {
    await this.#controlGroup.kill();
    await rm(this.path('run'), { recursive: true, force: true });
    await mkdir(this.path('run'));
  }

  async switchOn(): Promise<void> {
    await this.#hold();
    await this.startRuntime();
    this.startKubelet();
  }

  /** Off for good: its files go too. */
  async destroy(): Promise<void> {
    await this.#controlGroup.kill();
    this.#controlGroup.remove();
    await rm(this.#options.directory, { recursive: true, force: true });
  }

  get #root(): string {
    return join(this.#options.directory, 'root');
  }

  /** Its files, before anything runs. */
  async #prepare(): Promise<void> {
    const { plane, network, number, name, pauseImage, directory, runtime } = this.#options;
    this.#controlGroup.create();
    this.#daemons.create();
    await network.addNodeAddress(number);
    await makeNodeRoot(this.#root, network.namespace);
    await mkdir(this.path(this.kubeletRoot), { recursive: true });
    const settings: NodeSettings = {
      name,
      number,
      network,
      pauseImage,
      controlGroup: this.#controlGroup.name,
      hostNetwork: this.#hostNetwork,
      diskTakesOverlays: (await statfs(directory)).type !== OVERLAYFS,
      runtime,
    };
    await this.#place(runtime.programs, copyFile);
    await this.#place(runtime.configuration(settings), (text, path) => writeFile(path, text, { mode: 0o755 }));
    await writeFile(this.path('etc/cni/net.d/10-cluster.conflist'), JSON.stringify(networkConfig(settings)));
    await writeFile(this.path('etc/kubernetes/kubelet.json'), JSON.stringify(kubeletConfig(settings)));
    const { certificate, key } = await plane.issue(name, `/O=system:nodes/CN=system:node:${name}`);
    const pairs = { 'kubelet.crt': certificate, 'kubelet.key': key, 'ca.crt': plane.caFile };
    for (const [file, from] of Object.entries(pairs)) await copyFile(from, this.path(`etc/kubernetes/${file}`));
    const user = {
      'client-certificate': '/etc/kubernetes/kubelet.crt',
      'client-key': '/etc/kubernetes/kubelet.key',
    };
    const kubeconfig = plane.kubeconfigText(name, user, '/etc/kubernetes/ca.crt');
    await writeFile(this.path('etc/kubernetes/kubelet.kubeconfig'), kubeconfig);
  }

  async #place(files: Readonly<Record<string, string>> = {}, put: (what: string, path: string) => Promise<void>) {
    for (const [file, what] of Object.entries(files)) {
      await mkdir(dirname(this.path(file)), { recursive: true });
      await put(what, this.path(file));
    }
  }

  /** A process that does nothing keeps the node's mount namespace while its programs come and go. */
  async #hold(): Promise<void> {
    const { network, plane, nodePrograms } = this.#options;
    const enter = ['sh', '-c', ENTER_NODE_ROOT, 'node-root', this.#root, plane.programs, nodePrograms];
    const words = ['unshare', '--mount', '--propagation=private', ...enter, 'sleep', 'infinity'];
    this.#holder = this.#start('holder', joining(this.#daemons, [...network.enter, ...words]));
    await this.#answers(this.#holder, () => this.run(['test', '-e', `${NODE_PROGRAMS}/ctr`]));
  }

  /** Words before a command that run it on the node. */
  get #enter(): readonly string[] {
    return this.#enterFrom(this.#holder.pid);
  }

  /** As above, with the network of a process. */
  #enterFrom(process: number | 'self'): readonly string[] {
    const mounts = `--mount=/proc/${this.#holder.pid}/ns/mnt`;
    return joining(this.#daemons, ['nsenter', `--net=/proc/${process}/ns/net`, mounts, '--']);
  }

  get #hostNetwork(): HostNetwork {
    return this.#options.hostNetwork ?? 'cluster';
  }

  get #daemons(): ControlGroup {
    return this.#controlGroup.child('daemons');
  }

  #process(name: string, words: readonly string[]): ManagedProcess {
    return this.#start(name, [...this.#enter, ...words]);
  }

  #start(name: string, words: readonly string[]): ManagedProcess {
    const [command, ...args] = words as [string, ...string[]];
    const logFile = join(this.#options.directory, `${name}.log`);
    return new ManagedProcess({ name: `${name} of ${this.name}`, command, args, env: ENVIRONMENT, logFile });
  }

  async #answers(daemon: ManagedProcess, probe: () => Promise<unknown>): Promise<void> {
    const outcome = await until(`${daemon.options.name} answers`, async () => {
      if (!daemon.isRunning) return 'ended';
      await probe();
      return 'answers';
    });
    if (outcome === 'ended') throw new Error(`${daemon.options.name} ended: ${daemon.log().slice(-1000)}`);
  }
}

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS: '1',
  TMPDIR: '/tmp',
};
