import { spawn } from 'node:child_process';
import { appendFile, copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Binaries, findBinaries } from './binaries.ts';
import type { Progress } from './cache.ts';
import { Certificates } from './certificates.ts';
import { freePorts, ManagedProcess } from './process.ts';
import { until } from './until.ts';

export interface ControlPlaneOptions {
  /** Writes each request's metadata to {@link ControlPlane.auditLog}. */
  readonly audit?: boolean;
  readonly progress?: Progress;
  /** A minor version such as v1.36. */
  readonly kubernetes?: string;
  /** Controllers that run, such as `daemonset-controller`, with a scheduler; a site has all. */
  readonly controllers?: readonly string[];
  /** For nodes: on a network that they share, with controllers and a scheduler. Without it on loopback, for itself. */
  readonly site?: ControlPlaneSite;
}

/** Where a control plane that has nodes is. */
export interface ControlPlaneSite {
  /** For all that it writes, which it does not remove. */
  readonly directory: string;
  /** Words before a command that run it where the control plane shall run. */
  readonly enter: readonly string[];
  readonly address: string;
  readonly serviceRange: string;
  /** The first address of that range, which is the API server's own Service. */
  readonly apiService: string;
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** etcd and a real kube-apiserver on loopback, with RBAC, the Node authorizer and all default admission. */
export class ControlPlane {
  readonly directory: string;
  readonly server: string;
  readonly #binaries: Binaries;
  readonly #certificates: Certificates;
  #etcd: ManagedProcess | undefined;
  #apiserver: ManagedProcess | undefined;
  readonly #etcdPorts: readonly [number, number];
  readonly #options: ControlPlaneOptions;
  readonly #controllers: ManagedProcess[] = [];

  static async start(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    const { progress = () => {}, kubernetes, site, controllers } = options;
    const programs = site || controllers ? 'cluster' : 'api-server';
    const binaries = await findBinaries(progress, { programs, ...(kubernetes && { kubernetes }) });
    for (let attempt = 1; ; attempt++) {
      try {
        return await ControlPlane.#startOnce(binaries, options);
      } catch (error) {
        // Between the choice of free ports and their use another process may take one: then others are tried.
        if (site || attempt === 3) throw error;
      }
    }
  }

  static async #startOnce(binaries: Binaries, options: ControlPlaneOptions): Promise<ControlPlane> {
    const { site } = options;
    const directory = site?.directory ?? (await mkdtemp(join(tmpdir(), 'seccomp-operator-')));
    const certificates = await Certificates.create(directory);
    await certificates.issue('apiserver', '/CN=kube-apiserver', namesOf(site));
    await certificates.issue('admin', '/O=system:masters/CN=admin');
    const ports = site ? OWN_PORTS : ((await freePorts(3)) as [number, number, number]);
    const plane = new ControlPlane(directory, binaries, certificates, ports, options);
    try {
      await plane.#start();
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  private constructor(
    directory: string,
    binaries: Binaries,
    certificates: Certificates,
    [port, etcdPort, peerPort]: readonly [number, number, number],
    options: ControlPlaneOptions,
  ) {
    this.directory = directory;
    this.server = `https://${options.site?.address ?? '127.0.0.1'}:${port}`;
    this.#binaries = binaries;
    this.#certificates = certificates;
    this.#etcdPorts = [etcdPort, peerPort];
    this.#options = options;
  }

  get apiserver(): ManagedProcess {
    if (!this.#apiserver) throw new Error('kube-apiserver was not started');
    return this.#apiserver;
  }

  /** Where etcd serves clients, and its metrics. */
  get etcd(): string {
    return `http://127.0.0.1:${this.#etcdPorts[0]}`;
  }

  get etcdProcess(): ManagedProcess {
    if (!this.#etcd) throw new Error('etcd was not started');
    return this.#etcd;
  }

  get etcdData(): string {
    return join(this.directory, 'etcd');
  }

  get caFile(): string {
    return this.#certificates.certificate('ca');
  }

  /** Directory of kubectl and the others. */
  get programs(): string {
    return this.#binaries.directory;
  }

  get source(): Binaries['source'] {
    return this.#binaries.source;
  }

  get auditLog(): string {
    return join(this.directory, 'audit.jsonl');
  }

  /** Kubeconfig of the administrator. */
  get kubeconfig(): string {
    return this.kubeconfigPath('admin');
  }

  kubeconfigPath(name: string): string {
    return join(this.directory, `${name}.kubeconfig`);
  }

  /** A kubeconfig with a bearer token. */
  async kubeconfigFor(name: string, token: string): Promise<string> {
    return this.#writeKubeconfig(name, { token });
  }

  /** Standard output of kubectl; throws what it says when it fails. */
  async kubectl(args: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.tryKubectl(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr || stdout}`);
    return stdout;
  }

  async tryKubectl(args: readonly string[], input?: string, kubeconfig = this.kubeconfig): Promise<Finished> {
    const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: this.directory };
    const child = spawn(join(this.#binaries.directory, 'kubectl'), args, { env });
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
    const [stdout, stderr, code] = await Promise.all([
      child.stdout.setEncoding('utf8').toArray(),
      child.stderr.setEncoding('utf8').toArray(),
      new Promise<number>(resolve => child.once('exit', status => resolve(status ?? 1))),
    ]);
    return { code, stdout: stdout.join(''), stderr: stderr.join('') };
  }

  async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.kubectl(['get', '--raw', path])) as T;
  }

  async restartApiserver(): Promise<void> {
    await this.apiserver.kill();
    await this.#startApiserver();
  }

  /** As after a change of the cluster's authority: the API server's certificate is of another one, which `caFile` has too. */
  async changeAuthority(): Promise<void> {
    const directory = join(this.directory, 'next-authority');
    await mkdir(directory);
    const next = await Certificates.create(directory, '/CN=next-ca');
    await next.issue('apiserver', '/CN=kube-apiserver', namesOf(this.#options.site));
    await copyFile(next.certificate('apiserver'), this.#certificates.certificate('apiserver'));
    await copyFile(next.key('apiserver'), this.#certificates.key('apiserver'));
    await appendFile(this.caFile, await readFile(next.certificate('ca')));
    await this.restartApiserver();
  }

  async restartEtcd(): Promise<void> {
    await this.etcdProcess.kill();
    this.#startEtcd();
  }

  /** A copy of etcd's data as a crash at this moment would leave them. */
  async snapshot(into: string): Promise<void> {
    this.etcdProcess.pause();
    try {
      await cp(this.etcdData, into, { recursive: true });
    } finally {
      this.etcdProcess.resume();
    }
  }

  /** Goes back to a snapshot, as an administrator would: API server and etcd are down meanwhile. */
  async restore(snapshot: string): Promise<void> {
    await this.apiserver.kill();
    await this.etcdProcess.kill();
    await rm(this.etcdData, { recursive: true });
    await cp(snapshot, this.etcdData, { recursive: true });
    this.#startEtcd();
    await this.#startApiserver();
  }

  /** Files of a certificate for whom `subject` names, as openssl takes it. */
  async issue(name: string, subject: string): Promise<{ certificate: string; key: string }> {
    await this.#certificates.issue(name, subject);
    return { certificate: this.#certificates.certificate(name), key: this.#certificates.key(name) };
  }

  /** A kubeconfig with a certificate for whom `subject` names. */
  async kubeconfigOf(name: string, subject: string): Promise<string> {
    const { certificate, key } = await this.issue(name, subject);
    return this.#writeKubeconfig(name, { 'client-certificate': certificate, 'client-key': key });
  }

  async stop(): Promise<void> {
    for (const each of this.#controllers) await each.kill();
    await this.#apiserver?.kill();
    await this.#etcd?.kill();
    if (!this.#options.site) await rm(this.directory, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    await this.#writeKubeconfig('admin', {
      'client-certificate': this.#certificates.certificate('admin'),
      'client-key': this.#certificates.key('admin'),
    });
    this.#startEtcd();
    await this.#startApiserver();
    if (this.#options.site || this.#options.controllers) await this.#startControllers();
  }

  #startEtcd(): void {
    const [client, peer] = this.#etcdPorts.map(port => `http://127.0.0.1:${port}`) as [string, string];
    this.#etcd = this.#process('etcd', [
      `--name=one`,
      `--data-dir=${this.etcdData}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=one=${peer}`,
      '--log-level=warn',
      '--unsafe-no-fsync',
    ]);
  }

  async #startApiserver(): Promise<void> {
    const { port } = new URL(this.server);
    const keys = this.#certificates;
    this.#apiserver = this.#process('kube-apiserver', [
      `--etcd-servers=${this.etcd}`,
      `--secure-port=${port}`,
      `--tls-cert-file=${keys.certificate('apiserver')}`,
      `--tls-private-key-file=${keys.key('apiserver')}`,
      `--client-ca-file=${keys.certificate('ca')}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${keys.certificate('sa')}`,
      `--service-account-signing-key-file=${keys.key('sa')}`,
      '--allow-privileged=true',
      '--profiling=false',
      ...(this.#options.site ? await this.#siteFlags(this.#options.site) : LOOPBACK_FLAGS),
      ...(this.#options.audit ? await this.#auditFlags() : []),
    ]);
    const outcome = await until(
      'kube-apiserver is ready',
      async () => (this.apiserver.isRunning ? (await this.#isReady()) && 'ready' : 'ended'),
      { timeoutMs: 120_000 },
    );
    if (outcome === 'ended') throw new Error(`kube-apiserver ended: ${this.apiserver.log().slice(-1000)}`);
  }

  /** What the API server takes to reach kubelets, and Pods that serve APIs or webhooks. */
  async #siteFlags({ address, serviceRange }: ControlPlaneSite): Promise<string[]> {
    const keys = this.#certificates;
    await keys.issue('front-proxy', '/CN=front-proxy');
    return [
      '--bind-address=0.0.0.0',
      `--advertise-address=${address}`,
      `--service-cluster-ip-range=${serviceRange}`,
      '--enable-aggregator-routing=true',
      `--requestheader-client-ca-file=${keys.certificate('ca')}`,
      '--requestheader-allowed-names=front-proxy',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--proxy-client-cert-file=${keys.certificate('front-proxy')}`,
      `--proxy-client-key-file=${keys.key('front-proxy')}`,
      `--kubelet-client-certificate=${keys.certificate('admin')}`,
      `--kubelet-client-key=${keys.key('admin')}`,
      '--kubelet-preferred-address-types=InternalIP',
    ];
  }

  async #startControllers(): Promise<void> {
    const keys = this.#certificates;
    // Outside a network of their own they would share the ports of others.
    const serving = this.#options.site ? ['--bind-address=127.0.0.1'] : ['--secure-port=0'];
    const { controllers = ['*'] } = this.#options;
    const start = async (name: string, flags: readonly string[]) => {
      const kubeconfig = await this.kubeconfigOf(name, `/CN=system:${name}`);
      const asked = ['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'];
      const common = [...asked.map(flag => `--${flag}=${kubeconfig}`), '--profiling=false', ...serving];
      this.#controllers.push(this.#process(name, [...common, '--leader-elect=false', ...flags]));
    };
    await start('kube-scheduler', []);
    await start('kube-controller-manager', [
      `--controllers=${controllers.join()}`,
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${keys.key('sa')}`,
      `--root-ca-file=${keys.certificate('ca')}`,
      `--cluster-signing-cert-file=${keys.certificate('ca')}`,
      `--cluster-signing-key-file=${keys.key('ca')}`,
      `--flex-volume-plugin-dir=${join(this.directory, 'volume-plugins')}`,
      // A node is silent for two of its kubelet's leases: said after half the usual time.
      '--node-monitor-grace-period=20s',
      '--node-monitor-period=2s',
    ]);
  }

  async #auditFlags(): Promise<string[]> {
    const policy = join(this.directory, 'audit-policy.json');
    const rules = [{ level: 'Metadata', omitStages: ['RequestReceived'] }];
    await writeFile(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }));
    return [`--audit-policy-file=${policy}`, `--audit-log-path=${this.auditLog}`, '--audit-log-mode=blocking'];
  }

  async #isReady(): Promise<boolean> {
    const ca = await readFile(this.#certificates.certificate('ca'));
    const cert = await readFile(this.#certificates.certificate('admin'));
    const key = await readFile(this.#certificates.key('admin'));
    return new Promise(resolve => {
      const request = https.get(`${this.server}/readyz`, { ca, cert, key, agent: false, timeout: 2_000 }, response => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      request.on('error', () => resolve(false));
      request.on('timeout', () => request.destroy());
    });
  }

  #process(name: string, args: string[]): ManagedProcess {
    const words = [...(this.#options.site?.enter ?? []), join(this.#binaries.directory, name), ...args];
    const [command, ...rest] = words as [string, ...string[]];
    return new ManagedProcess({ name, command, args: rest, logFile: join(this.directory, `${name}.log`) });
  }

  async #writeKubeconfig(name: string, user: Record<string, string>): Promise<string> {
    const path = this.kubeconfigPath(name);
    await writeFile(path, this.kubeconfigText(name, user, this.caFile));
    return path;
  }

  kubeconfigText(name: string, user: Record<string, string>, caFile: string): string {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'rig', cluster: { server: this.server, 'certificate-authority': caFile } }],
      users: [{ name, user }],
      contexts: [{ name: 'rig', context: { cluster: 'rig', user: name } }],
      'current-context': 'rig',
    };
    return JSON.stringify(config, undefined, 2);
  }
}

/** In a network of its own nothing else has these. */
const OWN_PORTS = [6443, 2379, 2380] as const;

const LOOPBACK_FLAGS = ['--bind-address=127.0.0.1', '--service-cluster-ip-range=10.96.0.0/16'];

/** What the API server's certificate is for. */
function namesOf(site: ControlPlaneSite | undefined): string {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map(name => `DNS:${name}`);
  const addresses = ['127.0.0.1', ...(site ? [site.address, site.apiService] : ['10.96.0.1'])].map(
    each => `IP:${each}`,
  );
  return [...addresses, 'DNS:localhost', ...service].join(',');
}

export const startControlPlane = ControlPlane.start;
