import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../../src/core/names.ts';
import { ControlPlane, type ControlPlaneOptions } from './control-plane.ts';
import { ManagedProcess } from './process.ts';
import { type ProfileObject, Profiles } from './profiles.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
/** What an agent is started with on a node: node's own flags, and what is set in its environment. */
const AGENT = parse(readFileSync(join(PROJECT, 'manifests/agent-daemonset.yaml'), 'utf8')).spec.template.spec
  .containers[0] as { command: string[]; env: { name: string; value?: string }[] };
const AGENT_FLAGS = AGENT.command.filter(word => word.startsWith('--'));
const AGENT_ENVIRONMENT = Object.fromEntries(AGENT.env.flatMap(({ name, value }) => (value ? [[name, value]] : [])));

/** A node without a kubelet: a Node object, an agent's Pod bound to it, and the agent as a process with that Pod's token. */
export interface TestNode {
  readonly name: string;
  readonly kubeletRoot: string;
  /** Where the node's files are. */
  readonly files: string;
  /** Of its agents to come, beside the usual. */
  environment: Readonly<Record<string, string>>;
  agent: ManagedProcess;
}

/** The whole system on an embedded control plane: manifests, operator, agents; each with its own service account's token. */
export class System {
  readonly plane: ControlPlane;
  readonly profiles: Profiles;
  readonly nodes = new Map<string, TestNode>();
  operator!: ManagedProcess;
  /** What is started from now on comes from here. */
  programs = join(PROJECT, 'dist');

  /** Nothing runs but the control plane, with the manifests applied. */
  static async install(options: ControlPlaneOptions = {}): Promise<System> {
    const plane = await ControlPlane.start(options);
    try {
      const system = new System(plane);
      await plane.kubectl(['apply', '--server-side', '-k', join(PROJECT, 'manifests/base')]);
      await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
      return system;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  static async start(nodes: readonly string[], options: ControlPlaneOptions = {}): Promise<System> {
    const system = await System.install(options);
    try {
      await system.startOperator();
      for (const node of nodes) await system.addNode(node);
      return system;
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    this.profiles = new Profiles(plane);
  }

  async startOperator(): Promise<void> {
    this.operator = await this.startReplica('operator');
  }

  /** Another operator beside the one that is there: one of them leads. The caller ends it. */
  async startReplica(name: string): Promise<ManagedProcess> {
    return this.replica(name, await this.#serviceAccount('operator', OPERATOR_NAMESPACE, 'seccomp-operator'));
  }

  /** An operator with credentials of the caller's. */
  replica(name: string, kubeconfig: string, environment: Readonly<Record<string, string>> = {}): ManagedProcess {
    const args = [join(this.programs, 'operator.js'), '--metrics-port=0', '--agent-image=seccomp-operator:test'];
    return this.#node(
      name,
      ['--max-old-space-size=96', '--max-semi-space-size=1', '--jitless', '--disable-warning=DEP0040', ...args],
      { KUBECONFIG: kubeconfig, MALLOC_ARENA_MAX: '1', ...environment },
    );
  }

  /** `ready`: whether its kubelet is heard. */
  async addNode(
    name: string,
    { architecture = 'amd64', ready = true, agent = true, taints = [] as readonly object[] } = {},
  ): Promise<TestNode> {
    const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': architecture, 'kubernetes.io/hostname': name };
    await this.plane.kubectl(
      ['create', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: { taints } }),
    );
    await this.setNodeReady(name, ready, architecture);
    const kubeletRoot = join(this.plane.directory, 'nodes', name);
    await mkdir(kubeletRoot, { recursive: true });
    const node: TestNode = {
      name,
      kubeletRoot,
      files: join(kubeletRoot, 'seccomp/operator'),
      environment: {},
      agent: undefined as never,
    };
    this.nodes.set(name, node);
    if (agent) await this.startAgent(name);
    return node;
  }

  async setNodeReady(name: string, ready: boolean, architecture = 'amd64'): Promise<void> {
    const condition = { type: 'Ready', status: ready ? 'True' : 'False', reason: 'Test', message: 'set by the test' };
    const allocatable = { cpu: '4', memory: '8Gi', pods: '110' };
    const status = { conditions: [condition], nodeInfo: { ...NODE_INFO, architecture }, allocatable };
    await this.plane.kubectl([
      'patch',
      'node',
      name,
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status }),
    ]);
  }

  async startAgent(name: string): Promise<ManagedProcess> {
    await this.agentKubeconfig(name);
    return this.restartAgent(name);
  }

  /** With the token it had; `options` of its command line beside the usual ones. */
  restartAgent(name: string, ...options: string[]): ManagedProcess {
    const node = this.nodes.get(name) as TestNode;
    const program = join(this.programs, 'agent.js');
    const usual = [`--node-name=${name}`, `--kubelet-root=${node.kubeletRoot}`, '--metrics-port=0'];
    const args = [...AGENT_FLAGS, program, ...usual, ...options];
    const kubeconfig = this.plane.kubeconfigPath(podOf(name));
    const env = { KUBECONFIG: kubeconfig, ...AGENT_ENVIRONMENT, ...node.environment };
    node.agent = this.#node(`agent-${name}`, args, env);
    return node.agent;
  }

  /** Counts violations of this machine as if it were that node; `cgroup` is where it runs. */
  async startViolations(node: string, cgroup: string, ...options: string[]): Promise<ManagedProcess> {
    const KUBECONFIG = await this.boundKubeconfig(node, 'seccomp-violations');
    const program = join(PROJECT, 'dist/violations.js');
    const limits = ['--max-old-space-size=32', '--max-semi-space-size=1'];
    const args = [process.execPath, ...limits, program, `--node-name=${node}`, ...options];
    const name = `violations-${node}`;
    return new ManagedProcess({
      name,
      command: 'sh',
      args: ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', cgroup, ...args],
      env: { KUBECONFIG, MALLOC_ARENA_MAX: '1' },
      logFile: join(this.plane.directory, `${name}.log`),
    });
  }

  /** A kubeconfig with a token bound to a Pod on that node, as the kubelet would mount it. */
  async agentKubeconfig(node: string): Promise<string> {
    return this.boundKubeconfig(node, 'seccomp-agent');
  }

  /** The same with another account of that namespace. */
  async boundKubeconfig(node: string, account: string): Promise<string> {
    const pod = `${account}-${node}`;
    const containers = [{ name: 'agent', image: 'seccomp-operator:test' }];
    const spec = { nodeName: node, serviceAccountName: account, containers };
    const metadata = { name: pod, namespace: AGENT_NAMESPACE };
    await this.plane.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec }));
    const uid = await this.plane.kubectl(['get', 'pod', pod, '-n', AGENT_NAMESPACE, '-o', 'jsonpath={.metadata.uid}']);
    const bound = ['--bound-object-kind=Pod', `--bound-object-name=${pod}`, `--bound-object-uid=${uid}`];
    return this.#serviceAccount(pod, AGENT_NAMESPACE, account, bound);
  }

  /** Waits until a profile's Ready condition is as given for its newest generation. */
  untilReady(profile: string, status = 'True', timeoutMs = 60_000): Promise<void> {
    return this.profiles.untilReady(profile, status, timeoutMs);
  }

  /** The Ready condition, if it speaks of the newest generation. */
  ready(profile: string): Promise<{ status: string; reason: string; message: string } | undefined> {
    return this.profiles.ready(profile);
  }

  profile(name: string): Promise<ProfileObject> {
    return this.profiles.get(name);
  }

  async stop(): Promise<void> {
    const processes = [this.operator, ...[...this.nodes.values()].map(node => node.agent)].filter(Boolean);
    await Promise.all(processes.map(each => each.stop()));
    await this.plane.stop();
  }

  async #serviceAccount(
    name: string,
    namespace: string,
    account: string,
    bound: readonly string[] = [],
  ): Promise<string> {
    const token = await this.plane.kubectl(['create', 'token', account, '-n', namespace, '--duration=24h', ...bound]);
    return this.plane.kubeconfigFor(name, token.trim());
  }

  #node(name: string, args: readonly string[], env: Record<string, string>): ManagedProcess {
    const logFile = join(this.plane.directory, `${name}.log`);
    return new ManagedProcess({ name, command: process.execPath, args, env, logFile });
  }
}

const podOf = (node: string): string => `seccomp-agent-${node}`;

const NODE_INFO = {
  operatingSystem: 'linux',
  machineID: 'test',
  systemUUID: 'test',
  bootID: 'test',
  kernelVersion: '6.18.0',
  osImage: 'test',
  containerRuntimeVersion: 'containerd://2.4.2',
  kubeletVersion: 'v1.37.2',
  kubeProxyVersion: '',
};
