import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { ManagedProcess } from '../rig/process.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/seccomp-operator/leases/seccomp-operator';
const PROFILES = ['one', 'two', 'three'];
const CREDENTIAL = 'authentication.kubernetes.io/credential-id';

interface Replica {
  readonly process: ManagedProcess;
  /** By which the API server's audit log tells it from the other one. */
  readonly credential: string;
}

/** A line of the audit log, as far as it is of interest. */
interface Request {
  readonly verb: string;
  readonly requestURI: string;
  readonly requestReceivedTimestamp: string;
  readonly objectRef?: { readonly resource: string; readonly name?: string };
  readonly responseStatus?: { readonly code: number };
  readonly user: { readonly extra?: Readonly<Record<string, readonly string[]>> };
}

describe('two operators, one of which thinks that it leads and does not', function () {
  this.timeout(180_000);
  let system: System;
  let replicas: Replica[];
  let edits = 0;

  before(async function () {
    this.timeout(600_000);
    system = await System.start([], { audit: true });
    await system.operator.stop();
    replicas = [await start('operator-1'), await start('operator-2')];
    await system.addNode('node-a');
    for (const name of PROFILES) await edit(name);
    for (const name of PROFILES) await system.untilReady(name);
  });
  after(async () => {
    for (const { process } of replicas ?? []) await process.kill();
    await system?.stop();
  });

  it('a leader that was stopped in the middle of its work writes nothing more once another leads', async () => {
    const old = await leader();
    const stopEditing = editAll();
    old.process.pause();
    const present = await until('another leads', async () => {
      const now = await leader().catch(() => undefined);
      return now !== old && now;
    });
    old.process.resume();
    await until('it has seen that', () => old.process.log().includes('no longer leading'));
    await stopEditing();
    for (const name of PROFILES) await system.untilReady(name);

    const [taken] = requests(present).filter(isLeaseTaken);
    if (!taken) throw new Error('the audit log does not say when the lease was taken');
    const late = writes(old).filter(each => each.requestReceivedTimestamp > taken.requestReceivedTimestamp);
    expect(late.filter(isDone).map(({ verb, requestURI }) => `${verb} ${requestURI}`)).to.deep.equal([]);
    expect(writes(present).some(isDone)).to.equal(true);
    await expectNewest();
  });

  it('a leader whose lease another holds by force writes nothing over what is newer, and then nothing at all', async () => {
    const old = await leader();
    const other = replicas.find(each => each !== old) as Replica;
    const stopEditing = editAll();
    const lease = await system.plane.get<{ spec: { holderIdentity: string } }>(LEASE);
    const holderIdentity = lease.spec.holderIdentity.replace(/\d+$/, String(other.process.pid));
    const lost = () => old.process.log().split('no longer leading').length - 1;
    const before = lost();
    // For a moment both lead: the other one takes it for its own, this one has not looked again.
    const patch = JSON.stringify({ spec: { holderIdentity } });
    const flags = ['lease', 'seccomp-operator', '-n', 'seccomp-operator', '--type=merge', '-p', patch];
    await system.plane.kubectl(['patch', ...flags]);
    await until('it has seen that', () => lost() > before);
    const seen = new Date().toISOString();
    await stopEditing();
    for (const name of PROFILES) await system.untilReady(name);

    const late = writes(old).filter(each => each.requestReceivedTimestamp > seen);
    expect(late.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).to.deep.equal([]);
    await expectNewest();
  });

  /** With a kubeconfig of its own: each term reads it again. */
  async function start(name: string): Promise<Replica> {
    const account = ['seccomp-operator', '-n', 'seccomp-operator'];
    const token = await system.plane.kubectl(['create', 'token', ...account, '--duration=24h']);
    const process = system.replica(name, await system.plane.kubeconfigFor(name, token));
    const [, claims = ''] = token.split('.');
    const { jti } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    await until(`${name} looks at the lease`, () => /leading|waiting to take over/.test(process.log()));
    return { process, credential: `JTI=${jti}` };
  }

  async function leader(): Promise<Replica> {
    const { spec } = await system.plane.get<{ spec: { holderIdentity: string } }>(LEASE);
    const found = replicas.find(({ process }) => spec.holderIdentity.endsWith(`_${process.pid}`));
    if (!found) throw new Error(`${spec.holderIdentity} leads`);
    return found;
  }

  async function edit(name: string): Promise<void> {
    const rule = { names: ['swapon'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 + (++edits % 1000) };
    await system.profiles.apply(name, { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] });
  }

  /** One edit after another, until what is returned is called. */
  function editAll(): () => Promise<void> {
    let isOver = false;
    const editing = (async () => {
      while (!isOver) for (const name of PROFILES) await edit(name);
    })();
    return () => {
      isOver = true;
      return editing;
    };
  }

  async function expectNewest(): Promise<void> {
    const directory = system.nodes.get('node-a')?.files;
    for (const name of PROFILES) {
      const { spec } = await system.profile(name);
      const file = JSON.parse(readFileSync(`${directory}/${name}.json`, 'utf8'));
      const wanted = (spec as { syscalls: { errnoRet: number }[] }).syscalls[0]?.errnoRet;
      expect(file.syscalls[0].errnoRet, name).to.equal(wanted);
    }
  }

  function requests({ credential }: Replica): Request[] {
    const lines = readFileSync(system.plane.auditLog, 'utf8').trim().split('\n');
    return lines
      .map(line => JSON.parse(line) as Request)
      .filter(({ user }) => user.extra?.[CREDENTIAL]?.[0] === credential);
  }

  const writes = (replica: Replica) =>
    requests(replica).filter(({ verb }) => ['create', 'update', 'patch', 'delete'].includes(verb));
  const isDone = ({ responseStatus }: Request) => (responseStatus?.code ?? 0) < 300;
  const isLeaseTaken = (request: Request) =>
    request.objectRef?.resource === 'leases' && request.verb === 'update' && isDone(request);
});
