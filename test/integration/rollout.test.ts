import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { RolloutState, Stage } from '../../src/core/api/seccomp-profile.ts';
import { AGENT_NAMESPACE, OPERATOR_NAMESPACE, ROLLOUT_ANNOTATION } from '../../src/core/names.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const run = promisify(execFile);
const NODES = ['node-a', 'node-b', 'node-c'];
const CANARY = { canary: 'true' };
/** Three stages that pass quickly; Pods have to be restarted between them. */
const STAGES: Stage[] = [
  { mode: 'Audit', soak: '1s' },
  { mode: 'Enforce', soak: '1s', nodeSelector: CANARY, onViolations: 'RollBack' },
  { mode: 'Enforce', soak: '1s' },
];
/** One of its stages lasts longer than any test. */
const withLong = (stage: number) => STAGES.map((each, at) => (at === stage - 1 ? { ...each, soak: '1h' } : each));

describe('a rollout on a real API server', function () {
  this.timeout(180_000);
  let system: System;

  before(async function () {
    this.timeout(600_000);
    system = await System.start(NODES);
    await system.plane.kubectl(['label', 'node', 'node-a', 'canary=true']);
    await system.plane.kubectl(['create', 'serviceaccount', 'default', '-n', 'default']);
    for (const node of NODES) await report(node);
  });

  after(async () => {
    await system?.stop();
  });

  const rules = (...names: string[]) => ({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }],
  });
  const apply = (name: string, spec: object, stages: Stage[] = STAGES) =>
    system.plane.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({
        apiVersion: 'seccomp-operator.dev/v1alpha1',
        kind: 'SeccompProfile',
        metadata: { name },
        spec: { ...spec, ...(stages.length ? { rollout: { stages } } : {}) },
      }),
    );
  const read = (node: string, profile: string) =>
    readFile(join(system.nodes.get(node)?.files ?? '', `${profile}.json`), 'utf8');
  const action = async (node: string, profile: string) =>
    /"action": "SCMP_ACT_(\w+)"/.exec(await read(node, profile).catch(() => ''))?.[1];
  const actions = async (profile: string) => (await Promise.all(NODES.map(node => action(node, profile)))).join(' ');
  const state = async (profile: string) =>
    (await system.profile(profile)).status?.rollout as unknown as RolloutState | undefined;
  const untilAt = async (profile: string, summary: string) => {
    let rollout: Awaited<ReturnType<typeof state>>;
    const look = async () => {
      rollout = await state(profile);
      return rollout?.summary === summary && rollout;
    };
    return until(`${profile} is at ${summary}`, look).catch(error => {
      throw new Error(`${error.message}; it is ${JSON.stringify(rollout)}`, { cause: error });
    });
  };
  const ask = (profile: string, text: string) =>
    system.plane.kubectl(['annotate', 'scp', profile, `${ROLLOUT_ANNOTATION}=${text}`, '--overwrite']);
  const outcomes = async (profile: string) =>
    (await state(profile))?.history?.map(({ stage, outcome }) => `${stage} ${outcome}`).reverse();

  const seccomp = async (...args: string[]) => {
    const program = [join(import.meta.dirname, '../../dist/kubectl-seccomp.js'), 'rollout', ...args];
    const env = { ...process.env, KUBECONFIG: system.plane.kubeconfig };
    return run(process.execPath, program, { env }).then(
      ({ stdout }) => ({ code: 0, text: stdout }),
      (failed: { code: number; stdout: string; stderr: string }) => ({
        code: failed.code,
        text: failed.stdout + failed.stderr,
      }),
    );
  };

  /** A Pod as the kubelet reports it: started in the next second, since it reports whole ones. */
  async function runPod(name: string, profile: string, node: string): Promise<void> {
    const securityContext = { seccompProfile: { type: 'Localhost', localhostProfile: `operator/${profile}.json` } };
    const container = { name: 'c', image: 'example.test/c:1' };
    await system.plane.kubectl(['delete', 'pod', name, '--ignore-not-found', '--force', '--grace-period=0']);
    const spec = { nodeName: node, securityContext, containers: [container] };
    await system.plane.kubectl(
      ['create', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }),
    );
    const startedAt = new Date(Date.now() + 1_000).toISOString().replace(/\.\d+/, '');
    const running = { ...container, imageID: '', restartCount: 0, ready: true, containerID: `containerd://${name}` };
    const status = {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ ...running, state: { running: { startedAt } } }],
    };
    const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
    await system.plane.kubectl(['patch', 'pod', name, ...patch]);
  }

  /** Killed, and another one need not wait until the Lease has expired. */
  async function restartOperator(): Promise<void> {
    await system.operator.kill();
    await system.plane.kubectl(['delete', 'lease', 'seccomp-operator', '-n', OPERATOR_NAMESPACE, '--ignore-not-found']);
    await system.startOperator();
  }

  const calls = new Map<string, object[]>();

  /** What the violations program of a node says: that it is there, and what Pods did. */
  async function report(node: string, pod?: string): Promise<void> {
    if (pod) {
      const podUID = await system.plane.kubectl(['get', 'pod', pod, '-o', 'jsonpath={.metadata.uid}']);
      const now = new Date().toISOString().replace(/\.\d+/, '');
      const call = {
        syscall: 'mkdir',
        architecture: 'SCMP_ARCH_X86_64',
        action: 'SCMP_ACT_LOG',
        command: 'sh',
        count: 1,
      };
      const entry = { podUID, containerID: pod, ...call, firstTime: now, lastTime: now };
      calls.set(node, [...(calls.get(node) ?? []), entry]);
    }
    const violations = {
      state: 'Watching',
      message: 'records are read',
      source: 'AuditNetlink',
      since: '2026-11-24T10:00:00Z',
      recorded: 0,
      lost: 0,
      unattributed: 0,
      unlisted: 0,
      entries: calls.get(node) ?? [],
    };
    const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status: { violations } })];
    await until(`${node} reports violations`, () => system.plane.kubectl(['patch', 'seccompnode', node, ...patch]));
  }

  /** Restarts a profile's Pod whenever the rollout waits for that, until it is where it should be. */
  async function follow(profile: string, pod: string, node: string, summary: string): Promise<string[]> {
    const seen: string[] = [];
    await until(`${profile} comes to ${summary}`, async () => {
      const rollout = await state(profile);
      const at = `${rollout?.stage} ${await actions(profile)}`;
      if (rollout?.phase === 'WaitingForPods') {
        if (seen.at(-1) !== at) seen.push(at);
        await runPod(pod, profile, node);
      }
      return rollout?.summary === summary;
    });
    return seen;
  }

  it('goes from Audit to Enforce by itself, by stages, each on Pods that were started under it', async () => {
    await apply('web', rules('mkdir'));
    const seen = await follow('web', 'web-0', 'node-a', '3/3 Completed');
    expect(seen).to.deep.equal(['1 LOG LOG LOG', '2 ERRNO LOG LOG', '3 ERRNO ERRNO ERRNO']);
    expect(await outcomes('web')).to.deep.equal(['1 Promoted', '2 Promoted', '3 Completed']);
    expect((await system.profile('web')).metadata.generation, 'the operator never writes spec').to.equal(1);
    expect((await system.ready('web'))?.status).to.equal('True');
    const columns = await system.plane.kubectl(['get', 'scp', 'web', '-o', 'wide', '--no-headers']);
    expect(columns).to.match(/^web +True +3\/3 +SCMP_ACT_ALLOW +Enforce .* 3\/3 Completed /);
    await system.plane.kubectl(['wait', '--for=condition=RolledOut', 'scp/web', '--timeout=30s']);
  });

  it('is not promoted without Pods, while another one with the same stages passes all of them', async () => {
    await apply('idle', rules('swapon'));
    await untilAt('idle', '1/3 WaitingForPods');
    await apply('busy', rules('swapon'));
    await follow('busy', 'busy-0', 'node-a', '3/3 Completed');
    expect(await state('idle')).to.include({ summary: '1/3 WaitingForPods', soakedSeconds: 0 });
    expect(await actions('idle')).to.equal('LOG LOG LOG');
  });

  it('is promoted without Pods when it is told to', async () => {
    const told = STAGES.map(stage => ({ ...stage, minPods: 0 }));
    await apply('told', rules('swapon'), told);
    await untilAt('told', '3/3 Completed');
    expect(await outcomes('told')).to.deep.equal(['1 Promoted', '2 Promoted', '3 Completed']);
  });

  it('takes a stage back on a violation under it, says so, and does not try again by itself', async () => {
    await apply('back', rules('mkdir'), withLong(2));
    await follow('back', 'back-0', 'node-a', '2/3 WaitingForPods');
    await report('node-a', 'back-0');
    const { waitingFor } = await untilAt('back', '1/3 RolledBack');
    expect(waitingFor).to.match(/^somebody to act: stage 2 was taken back after 1 violation\./);
    await until('the canary is back', async () => (await actions('back')) === 'LOG LOG LOG');
    expect(await outcomes('back')).to.deep.equal(['1 Promoted', '2 RolledBack']);
    const events = await system.plane.kubectl(['get', 'events', '-o', 'jsonpath={range .items[*]}{.reason}\n{end}']);
    expect(events).to.include('RolloutRolledBack');
  });

  it('holds on a violation where it is not told to go back, and goes on when somebody says so', async () => {
    await apply('held', rules('mkdir'), withLong(1));
    await untilAt('held', '1/3 WaitingForPods');
    await runPod('held-0', 'held', 'node-b');
    await report('node-b', 'held-0');
    await untilAt('held', '1/3 Held');
    expect(await actions('held')).to.equal('LOG LOG LOG');
    await ask('held', 'resume');
    await untilAt('held', '1/3 Soaking');
  });

  it('does not count violations of Pods that were started under other rules', async () => {
    await apply('fixed', rules('mkdir'), withLong(1));
    await untilAt('fixed', '1/3 WaitingForPods');
    await runPod('fixed-0', 'fixed', 'node-b');
    await report('node-b', 'fixed-0');
    await untilAt('fixed', '1/3 Held');
    await apply('fixed', rules('rmdir'));
    await untilAt('fixed', '1/3 WaitingForPods');
    expect((await state('fixed'))?.evidence).to.deep.equal({ nodes: 3, pods: 0, outdatedPods: 1, violations: 0 });
    await follow('fixed', 'fixed-1', 'node-a', '2/3 WaitingForPods');
  });

  it('goes on where it was when the operator is killed, in every stage and phase', async () => {
    const stages = STAGES.map(stage => ({ ...stage, soak: '3s' }));
    await apply('killed', rules('mkdir'), stages);
    const kills: string[] = [];
    const step = async () => {
      const rollout = await state('killed');
      const summary = rollout?.summary ?? '';
      if (summary === '3/3 Completed') return true;
      if (summary && !kills.includes(summary)) {
        kills.push(summary);
        await restartOperator();
      }
      if (rollout?.phase === 'WaitingForPods') await runPod('killed-0', 'killed', 'node-a');
      return false;
    };
    await until('it is complete', step, { timeoutMs: 150_000 });
    expect(kills).to.include.members(['1/3 Soaking', '2/3 Soaking', '3/3 Soaking']);
    expect(await outcomes('killed')).to.deep.equal(['1 Promoted', '2 Promoted', '3 Completed']);
  });

  describe('of an edited profile', () => {
    const CANARY_FIRST: Stage[] = [
      { mode: 'Enforce', soak: '1h', nodeSelector: CANARY, onViolations: 'RollBack' },
      { mode: 'Enforce', soak: '1s' },
    ];
    const holds = async (profile: string) =>
      (await Promise.all(NODES.map(node => read(node, profile))))
        .map(text => /"(\w+)"\n +\],/.exec(text)?.[1])
        .join(' ');

    it('leaves other nodes with what they held, says so in Ready, and gives it back when the edit is taken back', async () => {
      await apply('edited', rules('mkdir'), CANARY_FIRST);
      await until('others get what refuses nothing', async () => (await actions('edited')) === 'ERRNO LOG LOG');
      await ask('edited', 'promote 1');
      await untilAt('edited', '2/2 WaitingForPods');
      await ask('edited', 'promote 2');
      await untilAt('edited', '2/2 Completed');
      await apply('edited', rules('rmdir'), CANARY_FIRST);
      await until('the canary has the edit', async () => (await holds('edited')) === 'rmdir mkdir mkdir');
      await until('Ready says so', async () => (await system.ready('edited'))?.reason === 'RollingOut');
      expect((await system.ready('edited'))?.message).to.equal(
        '2 of 3 nodes keep what they held before the rollout, at stage 1 of 2: node-b, node-c',
      );
      await apply('edited', rules('mkdir'), CANARY_FIRST);
      await untilAt('edited', '2/2 Completed');
      await until('all have it back', async () => (await holds('edited')) === 'mkdir mkdir mkdir');
      await system.untilReady('edited');
    });

    it('goes back to what nodes held before on a violation at the first stage', async () => {
      await apply('spoiled', rules('mkdir'), []);
      await system.untilReady('spoiled');
      await apply('spoiled', rules('rmdir'), CANARY_FIRST);
      await untilAt('spoiled', '1/2 WaitingForPods');
      expect(await holds('spoiled')).to.equal('rmdir mkdir mkdir');
      await runPod('spoiled-0', 'spoiled', 'node-a');
      await report('node-a', 'spoiled-0');
      await untilAt('spoiled', '0/2 RolledBack');
      await until('all hold what they held before', async () => (await holds('spoiled')) === 'mkdir mkdir mkdir');
      // Written once the nodes have told that they hold it.
      await until('somebody has to act', async () => {
        const { status } = await system.profile('spoiled');
        return status?.conditions?.some(({ type, status: is }) => type === 'Stalled' && is === 'True');
      });
    });

    it('has nothing to do where a profile that is in force gets stages', async () => {
      await apply('later', rules('mkdir'), []);
      await system.untilReady('later');
      await apply('later', rules('mkdir'));
      await untilAt('later', '3/3 Completed');
      expect(await actions('later')).to.equal('ERRNO ERRNO ERRNO');
    });
  });

  describe('by hand', () => {
    it('pauses, promotes and goes back when the profile is annotated', async () => {
      await apply('hand', rules('mkdir'));
      await untilAt('hand', '1/3 WaitingForPods');
      await ask('hand', 'pause stage=1');
      await untilAt('hand', '1/3 Paused');
      await ask('hand', 'promote stage=2');
      const refused = await until('it is answered', async () => {
        const rollout = await state('hand');
        return rollout?.request === 'promote stage=2' && rollout.answer;
      });
      expect(refused).to.equal('refused: promote was meant for stage 2, and this is stage 1');
      await ask('hand', 'promote stage=1');
      await untilAt('hand', '2/3 WaitingForPods');
      expect(await actions('hand')).to.equal('ERRNO LOG LOG');
      const undo = await seccomp('undo', 'hand');
      expect(undo).to.deep.equal({ code: 0, text: 'hand: undo at stage 2: now 1/3 RolledBack\n' });
      await untilAt('hand', '1/3 RolledBack');
      await until('the canary is back', async () => (await actions('hand')) === 'LOG LOG LOG');
      expect(await outcomes('hand')).to.deep.equal(['1 PromotedByHand', '2 Undone']);
    });

    it('is asked and told by kubectl seccomp', async () => {
      await apply('cli', rules('mkdir'));
      await untilAt('cli', '1/3 WaitingForPods');
      expect(await seccomp('pause', 'cli')).to.include({ code: 0, text: 'cli: pause at stage 1: now 1/3 Paused\n' });
      expect(await seccomp('pause', 'cli')).to.deep.equal({
        code: 1,
        text: 'cli: refused: it is Paused and does not move by itself\n',
      });
      expect(await seccomp('resume', 'cli')).to.include({ code: 0 });
      expect(await seccomp('promote', 'cli')).to.include({ code: 0 });
      await untilAt('cli', '2/3 WaitingForPods');
      expect((await seccomp('status', 'cli')).text).to.match(
        /^1 +Audit +all nodes +1s +0 +0 +PromotedByHand .*\n2 +Enforce +canary=true +0s of 1s +0 +0 +WaitingForPods since .*\n3 +Enforce +all nodes +1s +- +- +-$/m,
      );
      const all = await seccomp('status');
      expect(all.text).to.match(/^cli +2\/3 +Enforce +WaitingForPods /m);
      for (const at of ['3/3 WaitingForPods', '3/3 Completed']) {
        expect(await seccomp('promote', 'cli')).to.include({ code: 0 });
        await untilAt('cli', at);
      }
      expect((await seccomp('status', 'cli')).text).to.include('Every stage is passed.');
      const { metadata } = await system.profile('cli');
      expect(metadata.generation, 'spec is as it was').to.equal(1);
    });

    it('does not carry a request out twice, and not one that a new profile came with', async () => {
      await apply('once', rules('mkdir'));
      await untilAt('once', '1/3 WaitingForPods');
      await ask('once', 'promote');
      await untilAt('once', '2/3 WaitingForPods');
      await restartOperator();
      await apply('once', rules('rmdir'));
      await untilAt('once', '1/3 WaitingForPods');
      expect(await actions('once')).to.equal('LOG LOG LOG');
    });
  });

  describe('nodes', () => {
    const label = (...args: string[]) => system.plane.kubectl(['label', 'node', ...args, '--overwrite']);

    it('follow their labels, in the stage that selects by them', async () => {
      await apply('labels', rules('mkdir'));
      await untilAt('labels', '1/3 WaitingForPods');
      await ask('labels', 'promote');
      await until('the canary enforces', async () => (await actions('labels')) === 'ERRNO LOG LOG');
      await label('node-b', 'canary=true');
      await until('a new canary enforces too', async () => (await actions('labels')) === 'ERRNO ERRNO LOG');
      await label('node-b', 'canary=false');
      await until('one that is none any more does not', async () => (await actions('labels')) === 'ERRNO LOG LOG');
      await label('node-b', 'canary-');
      await until('what it was told is gone', async () => {
        const names = await system.plane.kubectl(['get', 'configmaps', '-n', AGENT_NAMESPACE, '-o', 'name']);
        return names.includes('node-node-a') && !names.includes('node-node-b');
      });
      await system.untilReady('labels');
    });

    it('keep their own form while their agent starts again', async () => {
      const agent = system.nodes.get('node-a')?.agent;
      await agent?.kill();
      const before = await read('node-a', 'labels');
      expect(before).to.include('SCMP_ACT_ERRNO');
      await apply('marker', rules('mkdir'), []);
      system.restartAgent('node-a');
      await until('the agent has caught up', async () => {
        expect(await read('node-a', 'labels'), 'it never holds another form').to.equal(before);
        return (await action('node-a', 'marker')) === 'ERRNO';
      });
      await system.untilReady('labels');
      await system.untilReady('marker');
    });
  });
});
