import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../../../src/core/names.ts';
import type { ControlPlane } from '../control-plane.ts';
import { operatorImage } from '../images/operator.ts';
import { Profiles } from '../profiles.ts';
import { until } from '../until.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';
import type { ClusterNode } from './node.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..');

export interface PodObject {
  metadata: { name: string; namespace: string; uid: string; deletionTimestamp?: string };
  spec: {
    nodeName: string;
    containers: { image: string; ports?: { containerPort: number; protocol: string }[] }[];
  };
  status: {
    phase: string;
    podIP?: string;
    containerStatuses?: {
      ready: boolean;
      restartCount: number;
      containerID?: string;
      state: {
        running?: { startedAt: string };
        waiting?: { reason: string; message?: string };
        terminated?: { exitCode: number; reason: string; message?: string };
      };
    }[];
  };
}

/** The product as users run it: its image, by `kubectl apply -k manifests/base`, on a cluster with real nodes. */
export class Installation {
  readonly cluster: Cluster;
  readonly profiles: Profiles;

  static async start({ nodes = 2, images = [], ...options }: ClusterOptions = {}): Promise<Installation> {
    const { archive } = await operatorImage(options.progress ?? (() => {}));
    const cluster = await Cluster.start({ nodes, images: [archive, ...images], ...options });
    const installation = new Installation(cluster);
    try {
      await installation.install();
      return installation;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.profiles = new Profiles(cluster.plane);
  }

  get plane(): ControlPlane {
    return this.cluster.plane;
  }

  kubectl(args: readonly string[], input?: string): Promise<string> {
    return this.plane.kubectl(args, input);
  }

  /** By the documented command; waits until operator and agents run. */
  async install(): Promise<void> {
    await this.kubectl(['apply', '-k', join(PROJECT, 'manifests/base')]);
    await this.kubectl([
      '-n',
      OPERATOR_NAMESPACE,
      'rollout',
      'status',
      'deployment/seccomp-operator',
      '--timeout=120s',
    ]);
    await this.agentsRun();
  }

  /** Changes the agents' configuration as a person does: in the ConfigMap. */
  async configureAgents(changes: object): Promise<void> {
    const configMap = ['-n', OPERATOR_NAMESPACE, 'configmap', 'seccomp-operator'];
    const present = await this.kubectl(['get', ...configMap, '-o', 'jsonpath={.data.agent\\.yaml}']);
    const data = { 'agent.yaml': stringify({ ...parse(present), ...changes }) };
    await this.kubectl(['patch', ...configMap, '--type=merge', '-p', JSON.stringify({ data })]);
  }

  async agentsRun(): Promise<void> {
    const daemonSet = ['-n', AGENT_NAMESPACE, 'daemonset/seccomp-agent'];
    await until('the agents’ DaemonSet', () => this.kubectl(['get', ...daemonSet]));
    await this.kubectl(['rollout', 'status', ...daemonSet, '--timeout=120s']);
  }

  /** Turns the switch, and waits until every node says that it is watched. */
  async countViolations(): Promise<void> {
    await this.configureAgents({ violations: { enabled: true } });
    const daemonSet = ['-n', AGENT_NAMESPACE, 'daemonset/seccomp-violations'];
    await until('the DaemonSet', () => this.kubectl(['get', ...daemonSet]));
    await this.kubectl(['rollout', 'status', ...daemonSet, '--timeout=120s']);
    await until('every node is watched', async () => {
      const states = await this.kubectl(['get', 'seccompnodes', '-o', 'jsonpath={.items[*].status.violations.state}']);
      return states.split(' ').filter(state => state === 'Watching').length === this.cluster.nodes.size;
    });
  }

  node(name: string): ClusterNode {
    return this.cluster.node(name);
  }

  /** Where the machine has a profile's file on a node. */
  file(node: string, profile: string): string {
    return join(this.node(node).profiles, `${profile}.json`);
  }

  read(node: string, profile: string): Promise<string> {
    return readFile(this.file(node, profile), 'utf8');
  }

  async pods(namespace: string, selector = ''): Promise<PodObject[]> {
    const query = selector ? `?labelSelector=${encodeURIComponent(selector)}` : '';
    const path = `/api/v1/namespaces/${namespace}/pods${query}`;
    return (await this.plane.get<{ items: PodObject[] }>(path)).items;
  }

  operators(): Promise<PodObject[]> {
    return this.pods(OPERATOR_NAMESPACE, 'app.kubernetes.io/component=operator');
  }

  async agent(node: string): Promise<PodObject> {
    const agents = await this.pods(AGENT_NAMESPACE, 'app.kubernetes.io/component=agent');
    const found = agents.find(each => each.spec.nodeName === node && !each.metadata.deletionTimestamp);
    if (!found) throw new Error(`no agent on ${node}`);
    return found;
  }

  /** Name of the operator's Pod that leads, as its Lease says. */
  async leader(): Promise<string> {
    const lease = [
      '-n',
      OPERATOR_NAMESPACE,
      'get',
      'lease',
      'seccomp-operator',
      '-o',
      'jsonpath={.spec.holderIdentity}',
    ];
    return (await this.kubectl(lease)).split('_')[0] ?? '';
  }

  /** The pid, on the machine, of a Pod's first container. */
  async pid({ spec, status }: PodObject): Promise<number> {
    const id = status.containerStatuses?.[0]?.containerID?.replace(/^.*:\/\//, '') ?? '';
    const tasks = await this.node(spec.nodeName).containerTasks();
    const pid = tasks.get(id);
    if (!pid) throw new Error(`no process of container ${id}`);
    return pid;
  }

  async report(node: string): Promise<string> {
    return this.kubectl(['get', 'seccompnode', node, '-o', 'jsonpath={.status}']);
  }

  stop(): Promise<void> {
    return this.cluster.stop();
  }
}
