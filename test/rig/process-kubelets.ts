import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubeconfigCredentials } from '../../src/kube/kubeconfig.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { Transport } from '../../src/kube/transport.ts';
import type { ControlPlane } from './control-plane.ts';
import { ManagedProcess } from './process.ts';

const DIST = join(import.meta.dirname, '..', '..', 'dist');
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const EVERY_MS = 150;

interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
  }[];
}

interface Pod extends KubeObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly serviceAccountName: string;
    readonly automountServiceAccountToken?: boolean;
    readonly initContainers?: readonly Container[];
    readonly containers: readonly Container[];
  };
}

/** One Pod whose containers are processes here. */
interface Running {
  readonly node: string;
  readonly processes: ManagedProcess[];
  ended: boolean;
}

interface Machine {
  readonly root: string;
  up: boolean;
}

/**
 * Kubelets without containers: each Pod of ours that a real controller made and the real scheduler bound becomes processes
 * of this machine, with the Pod's own token and environment; `/app` is `dist`, and each node has a kubelet root of its own.
 */
export class ProcessKubelets {
  readonly #plane: ControlPlane;
  readonly #transport: Transport;
  readonly #machines = new Map<string, Machine>();
  readonly #running = new Map<string, Running>();
  readonly #namespaces: readonly string[];
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  static async start(plane: ControlPlane, namespaces: readonly string[]): Promise<ProcessKubelets> {
    const credentials = await kubeconfigCredentials(plane.kubeconfig);
    const kubelets = new ProcessKubelets(
      plane,
      new Transport({ credentials, userAgent: 'process-kubelets' }),
      namespaces,
    );
    kubelets.#loop = kubelets.#run();
    return kubelets;
  }

  private constructor(plane: ControlPlane, transport: Transport, namespaces: readonly string[]) {
    this.#plane = plane;
    this.#transport = transport;
    this.#namespaces = namespaces;
  }

  /** A node that is there, with its kubelet's root. */
  async add(name: string): Promise<string> {
    const root = join(this.#plane.directory, 'nodes', name);
    await mkdir(root, { recursive: true });
    this.#machines.set(name, { root, up: true });
    return root;
  }

  /** Switched off: nothing runs on it, and nobody tells the API server. */
  async switchOff(name: string): Promise<void> {
    this.#machine(name).up = false;
    await Promise.all([...this.#running.values()].filter(({ node }) => node === name).map(stopPod));
  }

  switchOn(name: string): void {
    this.#machine(name).up = true;
    // What ran before the machine went off is started again, as far as it is still wanted.
    for (const [uid, pod] of this.#running) if (pod.node === name) this.#running.delete(uid);
  }

  /** Names of the programs that run on a node. */
  programs(name: string): string[] {
    const here = [...this.#running.values()].filter(({ node }) => node === name);
    return here.flatMap(({ processes }) => processes.filter(each => each.isRunning).map(each => each.options.name));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    await Promise.all([...this.#running.values()].map(stopPod));
    this.#transport.close();
  }

  #machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (!machine) throw new Error(`no node ${name}`);
    return machine;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      for (const namespace of this.#namespaces) await this.#sync(namespace).catch(() => {});
      await sleep(EVERY_MS);
    }
  }

  async #sync(namespace: string): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const { items } = await this.#transport.request<{ items: Pod[] }>('GET', path);
    for (const pod of items) {
      const { uid = '', name, deletionTimestamp } = pod.metadata;
      const node = pod.spec.nodeName ?? '';
      if (!this.#machines.get(node)?.up) continue;
      if (deletionTimestamp) await this.#end(uid, `${path}/${name}`);
      else if (!this.#running.has(uid)) void this.#start(pod, `${path}/${name}`, this.#machine(node));
    }
    // A Pod that was forgotten while its node was away ends with it.
    const present = new Set(items.map(({ metadata }) => metadata.uid));
    for (const [uid, running] of this.#running) {
      const gone = running.processes.some(each => each.options.name.startsWith(`${namespace}_`)) && !present.has(uid);
      if (gone && this.#machines.get(running.node)?.up) await this.#end(uid);
    }
  }

  async #end(uid: string, path?: string): Promise<void> {
    const running = this.#running.get(uid);
    if (running) await stopPod(running);
    this.#running.delete(uid);
    if (path) await this.#transport.request('DELETE', path, { body: { gracePeriodSeconds: 0 } });
  }

  async #start(pod: Pod, path: string, { root }: Machine): Promise<void> {
    const running: Running = { node: pod.spec.nodeName ?? '', processes: [], ended: false };
    this.#running.set(pod.metadata.uid ?? '', running);
    const credentials = await this.#credentials(pod, path).catch(() => undefined);
    if (credentials === undefined) {
      this.#running.delete(pod.metadata.uid ?? '');
      return;
    }
    for (const container of pod.spec.initContainers ?? []) {
      while (!running.ended && !(await this.#runOnce(pod, container, root, credentials, path, running)))
        await sleep(EVERY_MS);
    }
    if (running.ended) return;
    for (const container of pod.spec.containers)
      running.processes.push(this.#process(pod, container, root, credentials));
    await this.#report(path, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
  }

  async #runOnce(pod: Pod, container: Container, root: string, credentials: string, path: string, running: Running) {
    const process = this.#process(pod, container, root, credentials);
    running.processes.push(process);
    const exitCode = (await process.exited) ?? 137;
    if (running.ended) return false;
    const terminated = { exitCode, message: exitCode ? process.log().trim().split('\n').at(-1) : '', reason: 'Ended' };
    const status = { name: container.name, image: '', imageID: '', ready: exitCode === 0, restartCount: 0 };
    await this.#report(path, { initContainerStatuses: [{ ...status, state: { terminated } }] });
    return exitCode === 0;
  }

  #process(pod: Pod, { name, command, env = [] }: Container, root: string, kubeconfig: string): ManagedProcess {
    const { namespace, name: podName, uid } = pod.metadata;
    const fields: Record<string, string | undefined> = {
      'spec.nodeName': pod.spec.nodeName,
      'metadata.name': podName,
      'metadata.namespace': namespace,
      'metadata.uid': uid,
    };
    const values = env.map(({ name: key, value, valueFrom }) => [
      key,
      value ?? fields[valueFrom?.fieldRef.fieldPath ?? ''] ?? '',
    ]);
    // What a container has at /app and as its service account is elsewhere here, also where Node's permission model names it.
    const here = (word: string) => word.replace('/app', DIST).replace(SERVICE_ACCOUNT, this.#plane.directory);
    const [program, ...args] = command.map(word => (word === 'node' ? process.execPath : here(word)));
    const own = { KUBELET_ROOT: root, METRICS_PORT: '0', KUBECONFIG: kubeconfig };
    const title = `${namespace}_${podName}_${name}`;
    const logFile = join(this.#plane.directory, `${title}.log`);
    return new ManagedProcess({
      name: title,
      command: program ?? '',
      args,
      env: { ...Object.fromEntries(values), ...own },
      logFile,
    });
  }

  /** A kubeconfig with a token bound to the Pod, as the kubelet mounts one; none where the Pod wants none. */
  async #credentials({ metadata, spec }: Pod, path: string): Promise<string> {
    if (spec.automountServiceAccountToken === false) return '';
    const { namespace, name, uid } = metadata;
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name, uid };
    const token = await this.#transport.request<{ status: { token: string } }>(
      'POST',
      path.replace(/pods\/.*/, `serviceaccounts/${spec.serviceAccountName}/token`),
      { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { boundObjectRef } } },
    );
    return this.#plane.kubeconfigFor(`${namespace}_${name}`, token.status.token);
  }

  async #report(path: string, status: object): Promise<void> {
    const contentType = 'application/merge-patch+json';
    await this.#transport.request('PATCH', `${path}/status`, { contentType, body: { status } }).catch(() => {});
  }
}

async function stopPod(running: Running): Promise<void> {
  running.ended = true;
  await Promise.all(running.processes.map(each => each.stop()));
}
