import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../../../src/core/names.ts';
import type { Progress } from '../../rig/cache.ts';
import type { ControlPlane } from '../../rig/control-plane.ts';
import type { ManagedProcess } from '../../rig/process.ts';
import { System } from '../../rig/system.ts';
import { until } from '../../rig/until.ts';
import { Api } from './api.ts';
import { type Disk, FailingDisk, plainDisk, SmallDisk } from './disk.ts';
import { Link } from './link.ts';

/** Of steps that fail where nothing should. */
const INTERNAL = /a step failed|handler of a watch failed/;

const CLOCK = join(import.meta.dirname, 'clock.cjs');

/** A process of the product, with its own way to the API server and its own token. */
export interface Client {
  readonly name: string;
  readonly link: Link;
  process: ManagedProcess;
  /** By whom, and bound to which Pod, its token is. */
  readonly account: { namespace: string; name: string; pod?: string };
  readonly tokenFile: string;
  start(environment?: Readonly<Record<string, string>>): void;
}

export interface ChaosNode extends Client {
  readonly kubeletRoot: string;
  readonly disk: Disk;
  /** Where the profiles are, read past the faults of the disk. */
  readonly files: string;
}

export interface WorldOptions {
  readonly progress: Progress;
  /** A directory with other programs than those of dist. */
  readonly programs?: string;
  readonly audit?: boolean;
}

/** The system under test: a real control plane, two operators, and four nodes on disks of three kinds. */
export class World {
  readonly plane: ControlPlane;
  readonly api: Api;
  readonly nodes: ChaosNode[] = [];
  readonly operators: Client[] = [];
  /** Ended by us; others that end are a finding. */
  readonly #ended = new WeakSet<ManagedProcess>();
  readonly crashes: string[] = [];
  /** How much of its log was read. */
  readonly #heard = new Map<string, number>();
  readonly #system: System;

  static async start({ progress, programs, audit = false }: WorldOptions): Promise<World> {
    const system = await System.install({ progress, audit });
    if (programs) system.programs = programs;
    let world: World | undefined;
    try {
      world = new World(
        system,
        new Api(system.plane, await system.plane.issue('auditor', '/O=system:masters/CN=auditor')),
      );
      for (const name of ['operator-1', 'operator-2']) await world.#addOperator(name);
      for (const name of ['node-plain', 'node-other']) await world.#addNode(name, async path => plainDisk(path));
      await world.#addNode('node-small', async path => new SmallDisk(path));
      await world.#addNode('node-failing', path => FailingDisk.mount(path, progress));
      return world;
    } catch (error) {
      if (world) await world.stop();
      else await system.stop();
      throw error;
    }
  }

  private constructor(system: System, api: Api) {
    this.#system = system;
    this.plane = system.plane;
    this.api = api;
  }

  get clients(): readonly Client[] {
    return [...this.operators, ...this.nodes];
  }

  node(name: string): ChaosNode {
    const node = this.nodes.find(each => each.name === name);
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }

  /** What the programs have said since the last time of steps that failed inside. */
  complaints(): string[] {
    return this.clients.flatMap(({ name, process }) => {
      const log = process.log();
      const since = log.slice(this.#heard.get(name) ?? 0);
      this.#heard.set(name, log.length);
      return since
        .split('\n')
        .filter(line => INTERNAL.test(line))
        .map(line => `${name}: ${line.slice(0, 400)}`);
    });
  }

  /** Who holds the Lease. */
  async leader(): Promise<Client | undefined> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${OPERATOR_NAMESPACE}/leases/seccomp-operator`;
    const lease = await this.api.find<{ spec: { holderIdentity?: string } }>(path);
    return this.operators.find(({ process }) => lease?.spec.holderIdentity?.endsWith(`_${process.pid}`));
  }

  /** Waits until somebody else holds the Lease. */
  async otherLeads(than: Client): Promise<void> {
    await until(`another than ${than.name} leads`, async () => {
      const leader = await this.leader();
      return leader !== undefined && leader !== than;
    });
  }

  async kill(client: Client): Promise<void> {
    this.#ended.add(client.process);
    await client.process.kill();
  }

  /** As the kubelet ends it. */
  async end(client: Client): Promise<void> {
    this.#ended.add(client.process);
    await client.process.stop();
  }

  /** Its Pod, and a token bound to that; the older one is refused once the older Pod has gone. */
  async giveToken(client: Client, { newPod = false } = {}): Promise<void> {
    const { namespace, name, pod } = client.account;
    let boundObjectRef: object | undefined;
    if (pod) {
      const path = `/api/v1/namespaces/${namespace}/pods`;
      if (newPod) await this.api.remove(`${path}/${pod}`, { gracePeriodSeconds: 0 });
      const present = await this.api.find<{ metadata: { uid: string } }>(`${path}/${pod}`);
      const spec = { nodeName: client.name, serviceAccountName: name, containers: [{ name: 'agent', image: 'test' }] };
      const wanted = { apiVersion: 'v1', kind: 'Pod', metadata: { name: pod, namespace }, spec };
      const { metadata } = present ?? (await this.api.call<{ metadata: { uid: string } }>('POST', path, wanted));
      boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: pod, uid: metadata.uid };
    }
    const request = { spec: { expirationSeconds: 86_400, boundObjectRef } };
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', ...request };
    const { status } = await this.api.call<{ status: { token: string } }>('POST', `${accounts}/${name}/token`, body);
    await writeFile(client.tokenFile, status.token);
  }

  async stop(): Promise<void> {
    await Promise.all(this.clients.map(each => this.kill(each)));
    for (const { disk } of this.nodes) await disk.release();
    await Promise.all(this.clients.map(({ link }) => link.proxy.stop()));
    this.api.close();
    await this.plane.stop();
  }

  async #addOperator(name: string): Promise<void> {
    const account = { namespace: OPERATOR_NAMESPACE, name: 'seccomp-operator' };
    const { kubeconfig, ...connected } = await this.#connect(name, account);
    const start = (environment = {}) => this.#system.replica(name, kubeconfig, environment);
    this.operators.push(await this.#run(connected, start));
  }

  async #addNode(name: string, mount: (path: string) => Promise<Disk>): Promise<void> {
    const { kubeletRoot } = await this.#system.addNode(name, { agent: false });
    const disk = await mount(kubeletRoot);
    const account = { namespace: AGENT_NAMESPACE, name: 'seccomp-agent', pod: `seccomp-agent-${name}` };
    const { kubeconfig: _, ...connected } = await this.#connect(name, account);
    const start = (environment = {}) => {
      const node = this.#system.nodes.get(name);
      if (node) node.environment = environment;
      return this.#system.restartAgent(name);
    };
    const client = await this.#run(connected, start);
    this.nodes.push(Object.assign(client, { kubeletRoot, disk, files: join(disk.backing, 'seccomp/operator') }));
  }

  async #connect(name: string, account: Client['account']) {
    const link = await Link.open(name, this.plane);
    const tokenFile = join(this.plane.directory, `${name}.token`);
    const config = {
      // client-node takes plain HTTP, which the proxies speak, only so.
      clusters: [{ name: 'chaos', cluster: { server: link.server, 'insecure-skip-tls-verify': true } }],
      users: [{ name, user: account.pod ? { tokenFile } : inPod(tokenFile) }],
      contexts: [{ name: 'chaos', context: { cluster: 'chaos', user: name } }],
      'current-context': 'chaos',
    };
    const kubeconfig = this.plane.kubeconfigPath(account.pod ?? name);
    await writeFile(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...config }));
    return { name, link, tokenFile, account, kubeconfig };
  }

  async #run(
    connected: Omit<Client, 'process' | 'start'>,
    start: (environment?: Readonly<Record<string, string>>) => ManagedProcess,
  ): Promise<Client> {
    const watched = (process: ManagedProcess) => {
      void process.exited.then(code => {
        if (this.#ended.has(process)) return;
        this.crashes.push(`${connected.name} has ended by itself with status ${code}: ${process.log().slice(-300)}`);
      });
      return process;
    };
    const client: Client = {
      ...connected,
      process: undefined as never,
      start: environment => {
        // Another fault has started it again already.
        if (!client.process?.isRunning) client.process = watched(start(environment));
      },
    };
    await this.giveToken(client);
    client.start();
    return client;
  }
}

/** What client-node makes of a Pod's service account: the operator's way, which the agent does without. */
function inPod(tokenFile: string) {
  return { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } };
}

/** For a process whose wall clock is wrong by so much. */
export function clockShift(ms: number): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--require ${CLOCK}`, CLOCK_SHIFT_MS: String(ms) };
}
