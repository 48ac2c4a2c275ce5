import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { AGENT_NAMESPACE, RENDERED_LABEL } from '../../../src/core/names.ts';
import { isProfileFileName } from '../../../src/core/profile/file-name.ts';
import { loadProblem } from '../../../src/core/profile/loadable.ts';
import { compareResourceVersions } from '../../../src/core/resource-version.ts';
import { kubeconfigCredentials } from '../../../src/kube/kubeconfig.ts';
import { System } from '../../rig/system.ts';
import { until } from '../../rig/until.ts';
import { Defect, inParallel, RawClient, Tallies } from './raw.ts';
import { type Crafted, crafted } from './rendered-arbitrary.ts';

const NODE = 'node-a';
const PATH = `/api/v1/namespaces/${AGENT_NAMESPACE}/configmaps`;
const CHUNK = 250;

export interface Run {
  readonly objects: number;
  readonly seed: number;
  readonly progress?: (line: string) => void;
}

/** ConfigMaps as an attacker crafts them who got past admission, against the real agent, with no operator to undo it. */
export async function fuzzRendered({ objects, seed, progress }: Run): Promise<Tallies> {
  const attack = await RenderedAttack.start();
  try {
    for (let from = 0; from < objects; from += CHUNK) {
      const chunk = fc.sample(crafted(NODE), { numRuns: Math.min(CHUNK, objects - from), seed: seed + from });
      await inParallel(chunk, 8, each => attack.write(each));
      await attack.check();
      progress?.(`${Math.min(objects, from + CHUNK)} rendered ConfigMaps`);
    }
    return attack.tallies;
  } finally {
    await attack.stop();
  }
}

class RenderedAttack {
  readonly tallies = new Tallies();
  readonly #system: System;
  readonly #client: RawClient;
  readonly #others: ReadonlyMap<string, string>;
  #round = 0;

  static async start(): Promise<RenderedAttack> {
    const system = await System.install();
    await system.plane.kubectl([
      ...['delete', 'validatingadmissionpolicybinding', 'seccomp-rendered-profiles', '--ignore-not-found'],
    ]);
    const report = { apiVersion: 'seccomp-operator.dev/v1alpha1', kind: 'SeccompNode', metadata: { name: NODE } };
    await system.plane.kubectl(['create', '-f', '-'], JSON.stringify(report));
    const { kubeletRoot } = await system.addNode(NODE, { agent: false });
    // What nobody may touch.
    for (const path of ['pki/kubelet.key', 'seccomp/other.json', 'seccomp/operator/foreign.json', 'watched.json']) {
      mkdirSync(join(kubeletRoot, path, '..'), { recursive: true });
      writeFileSync(join(kubeletRoot, path), path);
    }
    await system.startAgent(NODE);
    return new RenderedAttack(system, new RawClient(await kubeconfigCredentials(system.plane.kubeconfig)));
  }

  private constructor(system: System, client: RawClient) {
    this.#system = system;
    this.#client = client;
    this.#others = this.#files();
  }

  async write({ name, remove, labels, annotations, data }: Crafted): Promise<void> {
    const path = `${PATH}/${encodeURIComponent(name)}`;
    const metadata = { name, labels, annotations };
    const text = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    const put = remove ? await this.#client.send('DELETE', path, '') : await this.#client.send('PUT', path, text);
    const made = put.code === 404 && !remove ? await this.#client.send('POST', PATH, text) : put;
    this.tallies.count(`${remove ? 'deleted' : 'written'}: ${made.code}`);
    if (made.code >= 500) throw new Defect(`the API server answered ${made.code}`, text);
  }

  /** One more honest change goes through after all that, and what is on the disk is sound. */
  async check(): Promise<void> {
    const resourceVersion = await this.#honest(`round${this.#round++}`);
    const { agent } = this.#node;
    await until('the honest profile is on the disk, and reported', async () => {
      return !agent.isRunning || (await this.#isReported(resourceVersion));
    });
    if (!agent.isRunning) throw new Defect('the agent has ended', agent.log().slice(-2_000));
    for (const [path, digest] of this.#others)
      if (this.#files().get(path) !== digest) throw new Defect('a file that is not ours was changed', path);
    for (const name of readdirSync(this.#node.files)) this.#checkFile(name);
  }

  async stop(): Promise<void> {
    this.#client.close();
    await this.#system.stop();
  }

  get #node() {
    const node = this.#system.nodes.get(NODE);
    if (!node) throw new Error('no node');
    return node;
  }

  async #honest(call: string): Promise<string> {
    const text = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["${call}"],"action":"SCMP_ACT_ERRNO"}]}\n`;
    const metadata = { name: 'profile-watched', labels: { [RENDERED_LABEL]: 'true' } };
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'profile.json': text } });
    const put = await this.#client.send('PUT', `${PATH}/profile-watched`, body);
    const answer = put.code === 404 ? await this.#client.send('POST', PATH, body) : put;
    return JSON.parse(answer.text).metadata.resourceVersion;
  }

  async #isReported(resourceVersion: string): Promise<boolean> {
    const file = readFileSync(join(this.#node.files, 'watched.json'), 'utf8');
    if (!file.includes(`round${this.#round - 1}`)) return false;
    const path = `/apis/seccomp-operator.dev/v1alpha1/seccompnodes/${NODE}`;
    const { status } = await this.#system.plane.get<{ status?: { bundle?: { resourceVersion: string } } }>(path);
    return compareResourceVersions(status?.bundle?.resourceVersion ?? '0', resourceVersion) >= 0;
  }

  #checkFile(name: string): void {
    if (name === 'foreign.json' || name.startsWith('.')) return;
    const path = join(this.#node.files, name);
    if (!isProfileFileName(name) || !lstatSync(path).isFile()) throw new Defect('a file that should not be', name);
    const text = readFileSync(path, 'utf8');
    const problem = loadProblem(text);
    if (problem) throw new Defect(`on the disk: ${problem}`, text);
    this.tallies.count('files on the disk that are sound');
  }

  /** Digests of everything below the kubelet's root that is not the operator's. */
  #files(): Map<string, string> {
    const { kubeletRoot } = this.#node;
    const found = readdirSync(kubeletRoot, { recursive: true, withFileTypes: true }).filter(each => each.isFile());
    const paths = found.map(({ parentPath, name }) => relative(kubeletRoot, join(parentPath, name)));
    const others = paths.filter(path => !/^seccomp\/(operator|seccomp-operator\.dev)\/(?!foreign)/.test(path));
    const digest = (path: string) =>
      createHash('sha256')
        .update(readFileSync(join(kubeletRoot, path)))
        .digest('hex');
    return new Map(others.map(path => [path, digest(path)]));
  }
}
