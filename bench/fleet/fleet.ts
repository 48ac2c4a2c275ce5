import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGENT_NAMESPACE } from '../../src/core/names.ts';
import type { Transport } from '../../src/kube/transport.ts';
import type { System } from '../../test/rig/system.ts';
import { until } from '../../test/rig/until.ts';
import { cpuMs } from '../rig/proc.ts';
import { eachOf } from './each-of.ts';
import type { FromHost, HostOptions, Progress, Role, SimulatedNode } from './message.ts';

const NODES_PER_PROCESS = 500;
const HOST = join(import.meta.dirname, 'host.ts');

/**
 * Nodes without machines: a Node object each, an agent's Pod bound to it with a token of its own, a directory in memory
 * (or all would wait for one disk), and later an agent or a bare watcher, hundreds of them in a process.
 */
export class SimulatedFleet {
  readonly #system: System;
  readonly #transport: Transport;
  readonly #directory: string;
  readonly #nodes: SimulatedNode[] = [];
  #hosts: ChildProcess[] = [];
  /** Nodes on which something runs: the first so many. */
  #running = 0;
  /** By host, then by profile. */
  #progress = new Map<ChildProcess, Map<string, Progress>>();

  static async create(system: System, transport: Transport): Promise<SimulatedFleet> {
    const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
    return new SimulatedFleet(system, transport, await mkdtemp(join(memory, 'seccomp-operator-bench-')));
  }

  private constructor(system: System, transport: Transport, directory: string) {
    this.#system = system;
    this.#transport = transport;
    this.#directory = directory;
  }

  get size(): number {
    return this.#nodes.length;
  }

  /** Makes the objects of more nodes; nothing runs on them yet. */
  async grow(size: number): Promise<void> {
    const names = Array.from({ length: size - this.size }, (_, i) => `sim-${this.size + i}`);
    this.#nodes.push(...(await eachOf(names, 16, name => this.#add(name))));
  }

  /** Starts the real agents, or bare clients, on all nodes where nothing runs yet. */
  async run(role: Role): Promise<void> {
    const ca = await readFile(this.#system.plane.caFile, 'utf8');
    const shared = { role, ca, server: this.#system.plane.server, agentNamespace: AGENT_NAMESPACE };
    for (let at = this.#running; at < this.size; at += NODES_PER_PROCESS) {
      const nodes = this.#nodes.slice(at, at + NODES_PER_PROCESS);
      const host = fork(HOST, { execArgv: ['--max-old-space-size=3000'] });
      this.#hosts.push(host);
      this.#progress.set(host, new Map());
      host.once('exit', code => {
        throw new Error(`a process of simulated nodes has ended with status ${code}`);
      });
      const running = new Promise<void>(resolve =>
        host.on('message', (message: FromHost) => {
          if (message.is === 'running') resolve();
          else this.#note(host, message);
        }),
      );
      host.send({ ...shared, nodes } satisfies HostOptions);
      await running;
    }
    this.#running = this.size;
  }

  /** Time on a core that what runs on all nodes has had, in milliseconds. */
  cpuMs(): number {
    return this.#hosts.reduce((sum, { pid = 0 }) => sum + cpuMs(pid), 0);
  }

  /** When a profile was first and last seen, once it has arrived on every node as often as given; ms since the epoch. */
  async arrived(profile: string, times = 1, timeoutMs = 120_000): Promise<{ first: number; last: number }> {
    const all = () => [...this.#progress.values()].flatMap(each => each.get(profile) ?? []);
    await until(
      `${profile} has arrived on ${this.size} nodes`,
      () => all().reduce((sum, { arrived }) => sum + arrived, 0) >= this.size * times,
      { timeoutMs, everyMs: 10 },
    );
    return { first: Math.min(...all().map(each => each.first)), last: Math.max(...all().map(each => each.last)) };
  }

  /** Ends what runs on the nodes; the objects stay. */
  async halt(): Promise<void> {
    const all = this.#hosts.map(host => new Promise(resolve => host.removeAllListeners('exit').once('exit', resolve)));
    for (const host of this.#hosts) host.kill('SIGKILL');
    await Promise.all(all);
    this.#hosts = [];
    this.#running = 0;
    this.#progress = new Map();
  }

  async close(): Promise<void> {
    await this.halt();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #note(host: ChildProcess, message: FromHost): void {
    if (message.is !== 'progress') return;
    for (const each of message.all) this.#progress.get(host)?.set(each.profile, each);
  }

  async #add(name: string): Promise<SimulatedNode> {
    const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': name };
    const ready = { type: 'Ready', status: 'True', reason: 'Simulated', message: 'for a benchmark' };
    await this.#post('/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels },
      status: { conditions: [ready], nodeInfo: { architecture: 'amd64', operatingSystem: 'linux' } },
    });
    const pods = `/api/v1/namespaces/${AGENT_NAMESPACE}/pods`;
    const account = 'seccomp-agent';
    const spec = { nodeName: name, serviceAccountName: account, containers: [{ name: 'agent', image: 'bench' }] };
    const pod = await this.#post<{ metadata: { name: string; uid: string } }>(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `agent-${name}` },
      spec,
    });
    const bound = { kind: 'Pod', apiVersion: 'v1', name: pod.metadata.name, uid: pod.metadata.uid };
    const request = await this.#post<{ status: { token: string } }>(
      `/api/v1/namespaces/${AGENT_NAMESPACE}/serviceaccounts/${account}/token`,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { boundObjectRef: bound, expirationSeconds: 86_400 },
      },
    );
    const kubeletRoot = join(this.#directory, name);
    await mkdir(kubeletRoot);
    return { name, token: request.status.token, kubeletRoot };
  }

  #post<T>(path: string, body: object): Promise<T> {
    return this.#transport.request<T>('POST', path, { body });
  }
}
