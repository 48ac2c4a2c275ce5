import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubeconfigCredentials } from '../../src/kube/kubeconfig.ts';
import { Transport } from '../../src/kube/transport.ts';
import type { Installation } from '../rig/cluster/installation.ts';
import type { ProfileObject } from '../rig/profiles.ts';

const PROFILES = '/apis/seccomp-operator.dev/v1alpha1/seccompprofiles';

/**
 * Looks at the disks of the nodes whenever a profile says Ready=True of its newest generation: is the file there that its
 * status names, and is it of that generation's spec? Shares no code with what it watches but the transport.
 */
export class Observer {
  readonly #system: Installation;
  readonly #nodes: readonly string[];
  readonly #transport: Transport;
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;
  /** Times that Ready was said and the disks looked at. */
  looks = 0;
  readonly wrong: string[] = [];

  static async start(system: Installation): Promise<Observer> {
    const credentials = await kubeconfigCredentials(system.plane.kubeconfig);
    return new Observer(system, new Transport({ credentials, userAgent: 'observer' }));
  }

  private constructor(system: Installation, transport: Transport) {
    this.#system = system;
    this.#nodes = [...system.cluster.nodes.keys()];
    this.#transport = transport;
    this.#done = this.#observe();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
    this.#transport.close();
  }

  async #observe(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted)
      try {
        const list = await this.#transport.request<{ metadata: { resourceVersion: string }; items: ProfileObject[] }>(
          'GET',
          PROFILES,
        );
        for (const each of list.items) await this.#look(each);
        const query = { watch: true, resourceVersion: list.metadata.resourceVersion };
        await this.#transport.stream(PROFILES, { query, signal, onLine: line => this.#event(line) });
      } catch {
        // The API server is away, or the test is over.
        if (!signal.aborted) await sleep(100);
      }
  }

  async #event(line: string): Promise<void> {
    const { type, object } = JSON.parse(line) as { type: string; object: ProfileObject };
    if (type === 'ADDED' || type === 'MODIFIED') await this.#look(object);
  }

  async #look({ metadata: { name, generation }, spec, status }: ProfileObject): Promise<void> {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status !== 'True' || ready.observedGeneration !== generation) return;
    const found = this.#nodes.map(node => ({ node, text: read(this.#system.file(node, name)) }));
    const mark = markOf(spec);
    const bad = found.filter(({ text }) => digest(text) !== status?.digest || markOf(parse(text)) !== mark);
    // What was edited meanwhile may be on the disk already: that is not wrong.
    const isStill = async () =>
      (await this.#transport.request<ProfileObject>('GET', `${PROFILES}/${name}`)).metadata.generation === generation;
    if (bad.length && !(await isStill())) return;
    this.looks += 1;
    for (const { node, text } of bad)
      this.wrong.push(`${name} generation ${generation} (${mark}) is Ready; ${node} has ${text || 'no file'}`);
  }
}

/** By what the test's edits differ: the errno of the first rule. */
export function markOf(profile: object): number | undefined {
  return (profile as { syscalls?: { errnoRet?: number }[] }).syscalls?.[0]?.errnoRet;
}

const digest = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function parse(text: string): object {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}
