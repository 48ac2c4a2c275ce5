import type { Installation, PodObject } from '../rig/cluster/installation.ts';
import { BUSYBOX } from '../rig/images/recipes.ts';
import { until } from '../rig/until.ts';

export interface PodSettings {
  /** Name of the SeccompProfile it names; none if it is not given. */
  readonly profile?: string;
  readonly image?: string;
  readonly node?: string;
  readonly securityContext?: object;
  /** Texts by file name, mounted at /files. */
  readonly files?: Readonly<Record<string, string>>;
}

type ContainerStatus = NonNullable<PodObject['status']['containerStatuses']>[number];

/** Pods with one container, in the default namespace. */
export class Pods {
  readonly #system: Installation;

  constructor(system: Installation) {
    this.#system = system;
  }

  async create(name: string, command: readonly string[], settings: PodSettings = {}): Promise<void> {
    const { profile, image = BUSYBOX.name, node, securityContext, files } = settings;
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: files };
    if (files) await this.#system.kubectl(['apply', '-f', '-'], JSON.stringify(configMap));
    const seccompProfile = { type: 'Localhost', localhostProfile: `operator/${profile}.json` };
    const container = {
      name: 'c',
      image,
      imagePullPolicy: 'Never',
      command,
      ...(securityContext && { securityContext }),
      ...(files && { volumeMounts: [{ name: 'files', mountPath: '/files' }] }),
    };
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        ...(node && { nodeName: node }),
        ...(profile && { securityContext: { seccompProfile } }),
        ...(files && { volumes: [{ name: 'files', configMap: { name } }] }),
        containers: [container],
      },
    };
    // A new cluster's first Pods meet a namespace without its service account.
    await until(`pod ${name} is created`, async () => {
      await this.#system.kubectl(['apply', '-f', '-'], JSON.stringify(pod));
      return true;
    });
  }

  /** A shell script. */
  async shell(name: string, script: string, settings: PodSettings = {}): Promise<void> {
    await this.create(name, ['sh', '-c', script], settings);
  }

  get(name: string): Promise<PodObject> {
    return this.#system.plane.get<PodObject>(`/api/v1/namespaces/default/pods/${name}`);
  }

  async container(name: string): Promise<ContainerStatus | undefined> {
    return (await this.get(name)).status.containerStatuses?.[0];
  }

  logs(name: string): Promise<string> {
    return this.#system.kubectl(['logs', name]);
  }

  exec(name: string, ...command: string[]): Promise<string> {
    return this.#system.kubectl(['exec', name, '--', ...command]);
  }

  async untilReady(name: string): Promise<void> {
    const outcome = await until(
      `pod ${name} runs`,
      async () => {
        const container = await this.container(name);
        return container?.state.terminated ? 'ended' : container?.ready && 'ready';
      },
      { everyMs: 100 },
    );
    if (outcome === 'ended') throw new Error(`pod ${name} ended: ${await this.logs(name)}`);
  }

  /** Why its container does not start. */
  async untilRefused(name: string): Promise<{ reason: string; message: string }> {
    return until(
      `pod ${name} is refused`,
      async () => {
        const state = (await this.container(name))?.state;
        const { reason = '', message = '' } = state?.waiting ?? state?.terminated ?? {};
        return /Error$/.test(reason) ? { reason, message } : undefined;
      },
      { everyMs: 100 },
    );
  }

  /** Its exit code and what it printed. */
  async untilEnded(name: string): Promise<{ exitCode: number; output: string }> {
    const exitCode = await until(
      `pod ${name} ends`,
      async () => (await this.container(name))?.state.terminated?.exitCode,
      { everyMs: 100 },
    );
    return { exitCode, output: await this.logs(name) };
  }

  /** Runs a script to its end. */
  async run(name: string, script: string, settings: PodSettings = {}): Promise<{ exitCode: number; output: string }> {
    await this.shell(name, script, settings);
    return this.untilEnded(name);
  }
}
