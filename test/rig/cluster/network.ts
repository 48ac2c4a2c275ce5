import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** As many clusters as have room in the range below, each with room for {@link MAX_NODES}. */
const MAX_CLUSTERS = 16;
export const MAX_NODES = 14;
const BRIDGE = 'cluster0';

/**
 * A cluster's network: a namespace of its own (network_namespaces(7)), so that no port, address, interface or table of
 * netfilter meets those of the machine or of another cluster. In it a bridge joins the API server, the nodes and the
 * Pods; a link leads to the machine, which has a route to all of them. Addresses are of 198.18.0.0/15 (RFC 2544: for
 * tests, never routed). It ends with the last process in it.
 */
export class ClusterNetwork {
  readonly #index: number;
  /** Path of the namespace. */
  readonly namespace: string;

  /** `holder`: a process in the new namespace. */
  static async create(holder: number): Promise<ClusterNetwork> {
    const network = new ClusterNetwork(await connect(holder), `/proc/${holder}/ns/net`);
    await network.#configure();
    return network;
  }

  private constructor(index: number, namespace: string) {
    this.#index = index;
    this.namespace = namespace;
  }

  get bridge(): string {
    return BRIDGE;
  }

  /** Words before a command that run it in this network. */
  get enter(): readonly string[] {
    return ['nsenter', `--net=${this.namespace}`, '--'];
  }

  get apiServer(): string {
    return `${this.#nodes}.1`;
  }

  nodeAddress(number: number): string {
    return `${this.#nodes}.${10 + number}`;
  }

  podsOf(number: number): string {
    return `198.18.${this.#base + number}`;
  }

  get podRange(): string {
    return `${this.#nodes}.0/20`;
  }

  get serviceRange(): string {
    return `198.19.${this.#base}.0/21`;
  }

  /** The first of the Services is the API server's. */
  get apiService(): string {
    return `198.19.${this.#base}.1`;
  }

  /** The machine's own end of the link. */
  get machine(): string {
    return `${this.#link}.1`;
  }

  get #link(): string {
    return `198.19.${this.#base + 8}`;
  }

  get #base(): number {
    return this.#index * 16;
  }

  get #nodes(): string {
    return `198.18.${this.#base}`;
  }

  get #device(): string {
    return deviceOf(this.#index);
  }

  async #configure(): Promise<void> {
    await ip('address', 'add', `${this.machine}/30`, 'dev', this.#device);
    await ip('link', 'set', this.#device, 'up');
    await this.#ip('link', 'set', 'lo', 'up');
    await this.#ip('address', 'add', `${this.#link}.2/30`, 'dev', 'uplink');
    await this.#ip('link', 'set', 'uplink', 'up');
    // A Pod that reaches another one through a Service: the answer passes netfilter too, also on one bridge.
    await this.#ip('link', 'add', BRIDGE, 'type', 'bridge', 'nf_call_iptables', '1').catch(() =>
      this.#ip('link', 'add', BRIDGE, 'type', 'bridge'),
    );
    await this.#ip('address', 'add', `${this.apiServer}/20`, 'dev', BRIDGE);
    await this.#ip('link', 'set', BRIDGE, 'up');
    await this.#run('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    for (const range of [this.podRange, this.serviceRange])
      await ip('route', 'replace', range, 'via', `${this.#link}.2`);
  }

  async addNodeAddress(number: number): Promise<void> {
    await this.#ip('address', 'replace', `${this.nodeAddress(number)}/20`, 'dev', BRIDGE);
  }

  #ip(...args: string[]): Promise<void> {
    return this.#run('ip', ...args);
  }

  async #run(...command: string[]): Promise<void> {
    const [program, ...args] = [...this.enter, ...command] as [string, ...string[]];
    await run(program, args);
  }
}

const deviceOf = (index: number): string => `seccomp-op${index}`;

/** The first number whose link is not there yet; that two clusters take the same one, the kernel prevents. */
async function connect(holder: number): Promise<number> {
  for (let index = 0; index < MAX_CLUSTERS; index++)
    try {
      const peer = ['peer', 'name', 'uplink', 'netns', String(holder)];
      await ip('link', 'add', deviceOf(index), 'type', 'veth', ...peer);
      return index;
    } catch (error) {
      if (!(error as Error).message.includes('File exists')) throw error;
    }
  throw new Error(`${MAX_CLUSTERS} clusters run on this machine already: end one (npm run cluster:down)`);
}

async function ip(...args: string[]): Promise<void> {
  await run('ip', args);
}
