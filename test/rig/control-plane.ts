/** A Kubernetes control plane for one test or demo: a real etcd and kube-apiserver, in a directory and on ports of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdminApi, connectAdmin } from './admin-api.ts';
import { type Binaries, findBinaries, type Progress } from './binaries.ts';
import { type Certificates, makeCertificates } from './certificates.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { type KubectlResult, runKubectl } from './kubectl.ts';
import { freePort, type RunningProcess, startProcess } from './process.ts';
import { apiserverArguments, controllerManagerArguments, etcdArguments, writeAuditPolicy } from './programs.ts';
import { until } from './until.ts';

export interface ControlPlaneOptions {
  /** Keep a log of all requests, in `auditLogFile`. */
  readonly auditLog?: boolean;
  /** Run kube-controller-manager too: namespaces that go, garbage collection, default service accounts, DaemonSets. */
  readonly controllers?: boolean;
  /** More flags of kube-apiserver. */
  readonly apiserverFlags?: readonly string[];
  /** Takes lines about what takes long. */
  readonly progress?: Progress;
}

export interface ControlPlane {
  readonly directory: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** https URL */
  readonly server: string;
  readonly caFile: string;
  /** The program that runs now: another one after a restart. */
  readonly etcd: RunningProcess;
  readonly apiserver: RunningProcess;
  /** Lines of JSON, one a request, of level Metadata. */
  readonly auditLogFile?: string;
  readonly api: AdminApi;
  /** Standard output of kubectl as administrator. @throws Error with its standard error when it fails */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  tryKubectl(args: readonly string[], input?: string): Promise<KubectlResult>;
  /** Ends it and starts it again at the same address with the same flags; resolves when it is ready. */
  restartApiserver(): Promise<void>;
  restartEtcd(): Promise<void>;
  /** Path of a kubeconfig for the holder of a token. */
  kubeconfigWithToken(name: string, token: string): Promise<string>;
  /** Ends all programs and removes the directory. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @throws Error with the last lines of the log of the program that did not get ready; then nothing is left running */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await findBinaries(options.progress ? { progress: options.progress } : {});
  const directory = await mkdtemp(join(tmpdir(), 'control-plane-'));
  const running = new Map<string, RunningProcess>();
  const stop = async () => {
    // What they hold is thrown away: nothing is gained by a clean end.
    for (const program of running.values()) program.kill('SIGKILL');
    await Promise.all([...running.values()].map(program => program.exited));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    return await bringUp(binaries, directory, running, stop, options);
  } catch (error) {
    await stop();
    throw error;
  }
}
