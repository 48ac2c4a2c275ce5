import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { OPERATOR_NAMESPACE } from '../../src/core/names.ts';
import { Installation } from '../rig/cluster/installation.ts';
import { until } from '../rig/until.ts';
import { markOf, Observer } from '../support/observer.ts';

const PROFILES = Array.from({ length: 10 }, (_, index) => `edited-${index}`);
const EDITS_EACH = 20;

describe('200 edits while nodes come and go, and an agent, the leader and the API server are killed', function () {
  this.timeout(600_000);
  let system: Installation;
  before(async () => {
    system = await Installation.start({ nodes: 2 });
  });
  after(() => system?.stop());

  const spec = (mark: number) => ({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['swapon'], action: 'SCMP_ACT_ERRNO', errnoRet: mark }],
  });
  /** An edit is tried until the API server has taken it. */
  const edit = (name: string, mark: number) =>
    until(`edit ${mark} of ${name} is taken`, async () => {
      await system.profiles.apply(name, spec(mark));
      return true;
    });

  it('are watched by an observer who notices a file that is not what the status says', async () => {
    await edit('observed', 1);
    await readyAt('observed', 1);
    const pid = await system.pid(await system.agent('node-1'));
    const observer = await Observer.start(system);
    process.kill(pid, 'SIGSTOP');
    try {
      await writeFile(system.file('node-1', 'observed'), '{}');
      await system.kubectl(['annotate', 'seccompprofile', 'observed', 'looked=at']);
      await until('the observer notices', () => observer.wrong.some(each => each.includes('node-1 has {}')));
    } finally {
      process.kill(pid, 'SIGCONT');
      await observer.stop();
    }
  });

  it('lose none of them, and Ready is never said of a file that is not there', async () => {
    await edit('steady', 1);
    await readyAt('steady', 1);
    const observer = await Observer.start(system);
    let edits = 0;
    /** Each happens once so many edits are made. */
    const disturbances: [at: number, happen: () => Promise<void>][] = [
      [10, alterFile],
      [20, addAndRemoveNode],
      [50, killAgent],
      [100, killLeader],
      [150, () => system.plane.restartApiserver()],
    ];
    const happening: Promise<void>[] = [];
    const editAll = async (name: string, index: number) => {
      for (let mark = 1; mark <= EDITS_EACH; mark++) {
        await edit(name, mark);
        edits += 1;
        for (const [at, happen] of disturbances) if (at === edits) happening.push(happen());
        // Every other one is edited at once, whether the nodes have followed or not.
        if (index % 2 === 0) await readyAt(name, mark);
      }
    };
    try {
      await Promise.all(PROFILES.map(editAll));
      await Promise.all(happening);
      for (const name of PROFILES) await readyAt(name, EDITS_EACH);
    } finally {
      await observer.stop();
    }
    expect(edits).to.equal(PROFILES.length * EDITS_EACH);
    expect(happening).to.have.length(disturbances.length);
    for (const node of ['node-1', 'node-2'])
      for (const name of PROFILES) expect(markOf(JSON.parse(await system.read(node, name)))).to.equal(EDITS_EACH);
    expect(observer.wrong).to.deep.equal([]);
    expect(observer.looks).to.be.at.least(PROFILES.length * EDITS_EACH * 0.25);
  });

  async function readyAt(name: string, mark: number): Promise<void> {
    await until(
      `${name} is Ready with edit ${mark}`,
      async () => {
        const profile = await system.profiles.get(name);
        const ready = profile.status?.conditions?.find(({ type }) => type === 'Ready');
        const isCurrent = ready?.status === 'True' && ready.observedGeneration === profile.metadata.generation;
        return isCurrent && markOf(profile.spec) === mark;
      },
      { timeoutMs: 180_000, everyMs: 200 },
    );
  }

  /** One that nobody edits: while it is not what its status says, the observer would notice it. */
  async function alterFile(): Promise<void> {
    const text = await system.read('node-2', 'steady');
    await writeFile(system.file('node-2', 'steady'), '{}');
    await until('it is repaired', async () => (await system.read('node-2', 'steady').catch(() => '')) === text);
    await until('it is reported', async () => (await system.report('node-2')).includes('"lastFile":"steady.json"'));
  }

  async function addAndRemoveNode(): Promise<void> {
    const { name } = await system.cluster.addNode();
    await until('it holds what nobody edits', () => system.read(name, 'steady'), { timeoutMs: 180_000 });
    await system.cluster.removeNode(name);
  }

  /** Its container is started again by the kubelet, in the same Pod. */
  async function killAgent(): Promise<void> {
    process.kill(await system.pid(await system.agent('node-1')), 'SIGKILL');
    await until('the agent was started again', async () => {
      const [container] = (await system.agent('node-1')).status.containerStatuses ?? [];
      return container?.ready && container.restartCount > 0;
    });
  }

  async function killLeader(): Promise<void> {
    const leader = await system.leader();
    const pods = await system.pods(OPERATOR_NAMESPACE);
    const pod = pods.find(({ metadata }) => metadata.name === leader);
    if (!pod) throw new Error(`no Pod ${leader}`);
    process.kill(await system.pid(pod), 'SIGKILL');
    // Killed, it could not give its lease back: another process leads, be it in the same Pod.
    await until('somebody leads again', async () => (await system.leader()) !== '' && (await isRestarted(leader)), {
      timeoutMs: 120_000,
    });
  }

  async function isRestarted(name: string): Promise<boolean> {
    const pods = await system.pods(OPERATOR_NAMESPACE);
    const [container] = pods.find(({ metadata }) => metadata.name === name)?.status.containerStatuses ?? [];
    return (container?.restartCount ?? 0) > 0;
  }
});
