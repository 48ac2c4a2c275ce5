import fc from 'fast-check';
import { kubeconfigCredentials } from '../../../src/kube/kubeconfig.ts';
import type { ProfileObject } from '../../rig/profiles.ts';
import { System } from '../../rig/system.ts';
import { until } from '../../rig/until.ts';
import { Defect, inParallel, RawClient, Tallies } from './raw.ts';
import type { Run } from './rendered.ts';
import { type Known, type Report, reports } from './reports-arbitrary.ts';

const [HONEST, PAUSED, EVIL] = ['node-honest', 'node-paused', 'node-evil'] as const;
const PROFILE = 'watched';
const CONTAINER = 'c0'.repeat(32);
const CHUNK = 250;
/** Of JSON; what an etcd holds of an object is a hundred times that. */
const LARGEST_STATUS = 20_000;
const NODES = '/apis/seccomp-operator.dev/v1alpha1/seccompnodes';

/**
 * One node's reports are an attacker's, beside an honest node and one that is behind. The operator lives, goes on to tell
 * what is true of the others, and says Ready of nothing that the third node lacks.
 */
export async function fuzzReports({ objects, seed, progress }: Run): Promise<Tallies> {
  const attack = await ReportsAttack.start();
  try {
    const reported = reports(attack.known);
    for (let from = 0; from < objects; from += CHUNK) {
      const chunk = fc.sample(reported, { numRuns: Math.min(CHUNK, objects - from), seed: seed + from });
      await inParallel(chunk, 4, each => attack.write(each));
      await attack.check();
      progress?.(`${Math.min(objects, from + CHUNK)} node reports`);
    }
    await attack.end();
    return attack.tallies;
  } finally {
    await attack.stop();
  }
}

class ReportsAttack {
  readonly tallies = new Tallies();
  readonly known: Known;
  readonly #system: System;
  readonly #clients: ReadonlyMap<string, RawClient>;
  readonly #operatorPid: number;
  #round = 0;

  static async start(): Promise<ReportsAttack> {
    const system = await System.start([HONEST, PAUSED]);
    const { plane } = system;
    await system.addNode(EVIL, { agent: false });
    await plane.kubectl([
      ...['patch', 'configmap', 'seccomp-operator', '-n', 'seccomp-operator', '--type=merge', '-p'],
      JSON.stringify({ data: { 'agent.yaml': JSON.stringify({ violations: { enabled: true } }) } }),
    ]);
    await plane.kubectl(['create', 'serviceaccount', 'default', '-n', 'default']);
    const podUid = await runningPod(system);
    const clients = new Map<string, RawClient>();
    for (const account of ['seccomp-agent', 'seccomp-violations'])
      clients.set(account, new RawClient(await kubeconfigCredentials(await system.boundKubeconfig(EVIL, account))));
    await until('the node has a report to write', () => plane.kubectl(['get', 'scn', EVIL]));
    system.nodes.get(PAUSED)?.agent.pause();
    return new ReportsAttack(system, clients, podUid);
  }

  private constructor(system: System, clients: ReadonlyMap<string, RawClient>, podUid: string) {
    this.#system = system;
    this.#clients = clients;
    this.#operatorPid = system.operator.pid;
    this.known = { profile: PROFILE, podUid, containerId: CONTAINER };
  }

  async write({ account, about, text }: Report): Promise<void> {
    const name = { own: EVIL, other: HONEST, none: 'node-that-is-not' }[about];
    const client = this.#clients.get(account) as RawClient;
    const { code } = await client.send('PATCH', `${NODES}/${name}/status`, text, 'application/merge-patch+json');
    this.tallies.count(`about ${about}: ${code}`);
    if (code >= 500) throw new Defect(`the API server answered ${code}`, text);
    if (code === 200 && about !== 'own') throw new Defect(`it could write the report of ${name}`, text);
  }

  /** An edit of the profile is told truly: on the honest node, and never on the one that stands still. */
  async check(): Promise<void> {
    const names = [`round${this.#round++}`];
    await this.#system.profiles.apply(PROFILE, {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }],
    });
    const object = await until('the status speaks of the edit, and of the honest node', () => this.#look());
    if (object instanceof Defect) throw object;
    this.#checkStatus(object);
    this.tallies.count('edits told truly');
  }

  /** The profile once it is told of; `until` would try again after an error, and what must never be may pass. */
  async #look(): Promise<ProfileObject | Defect | undefined> {
    const [profile, ready] = [await this.#system.profile(PROFILE), await this.#system.ready(PROFILE)];
    if (ready?.status === 'True') return new Defect('Ready, though a node stands still', JSON.stringify(profile));
    const trouble = this.#trouble();
    if (trouble) return trouble;
    const isTold = profile.status?.observedGeneration === profile.metadata.generation;
    return isTold && (profile.status?.nodes?.installed ?? 0) >= 1 ? profile : undefined;
  }

  /** Once the attack is over, everything is as if it had not been. */
  async end(): Promise<void> {
    this.#system.nodes.get(PAUSED)?.agent.resume();
    await this.#system.startAgent(EVIL);
    await this.#system.untilReady(PROFILE);
    const trouble = this.#trouble();
    if (trouble) throw trouble;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
    await this.#system.stop();
  }

  #checkStatus(object: ProfileObject): void {
    const text = JSON.stringify(object.status);
    if (text.length > LARGEST_STATUS) throw new Defect(`a status of ${text.length} bytes`, text);
    JSON.stringify(object.status, (field, value) => {
      if (typeof value === 'string' && /[\p{Cc}\p{Cf}]/u.test(value))
        throw new Defect(`control characters in ${field}`, text);
      return value;
    });
    this.tallies.count('largest status, bytes', Math.max(0, text.length - this.tallies.of('largest status, bytes')));
  }

  #trouble(): Defect | undefined {
    const { operator } = this.#system;
    const log = operator.log();
    if (!operator.isRunning || operator.pid !== this.#operatorPid)
      return new Defect('the operator has ended', log.slice(-2_000));
    const [line] = /.*(TypeError|RangeError|is invalid|Invalid value|a handler failed).*/.exec(log) ?? [];
    return line === undefined ? undefined : new Defect('trouble in the log of the operator', line);
  }
}

/** A Pod on the attacker's node that uses the profile, as its kubelet tells of it. */
async function runningPod({ plane }: System): Promise<string> {
  const seccompProfile = { type: 'Localhost', localhostProfile: `operator/${PROFILE}.json` };
  const spec = {
    nodeName: EVIL,
    securityContext: { seccompProfile },
    containers: [{ name: 'c', image: 'example.test/c:1' }],
  };
  await plane.kubectl(
    ['apply', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'victim' }, spec }),
  );
  const state = { running: { startedAt: '2026-01-01T00:00:00Z' } };
  const container = {
    name: 'c',
    image: '',
    imageID: '',
    ready: true,
    restartCount: 0,
    containerID: `containerd://${CONTAINER}`,
  };
  const status = { phase: 'Running', containerStatuses: [{ ...container, state }] };
  await plane.kubectl([
    'patch',
    'pod',
    'victim',
    '--subresource=status',
    '--type=merge',
    '-p',
    JSON.stringify({ status }),
  ]);
  return plane.kubectl(['get', 'pod', 'victim', '-o', 'jsonpath={.metadata.uid}']);
}
