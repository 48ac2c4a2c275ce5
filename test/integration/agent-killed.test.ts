import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import type { SeccompProfileSpec } from '../../src/core/api/seccomp-profile.ts';
import { renderProfile } from '../../src/core/profile/render.ts';
import { kubeconfigCredentials } from '../../src/kube/kubeconfig.ts';
import { Transport } from '../../src/kube/transport.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const KILLS = 200;
const PATH = '/apis/seccomp-operator.dev/v1alpha1/seccompprofiles';

/** Version n of the profile: long enough that a torn file would show. */
function version(n: number): SeccompProfileSpec {
  const names = Array.from({ length: 200 }, (_, at) => `call_${at}_of_${n}`);
  return { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] };
}

describe('an agent that is killed', function () {
  this.timeout(900_000);
  let system: System;
  let transport: Transport;

  before(async () => {
    system = await System.start(['node-a']);
    transport = new Transport({ credentials: await kubeconfigCredentials(system.plane.kubeconfig), userAgent: 'test' });
  });
  after(async () => {
    transport?.close();
    await system?.stop();
  });

  it(`${KILLS} times during a stream of edits: no reader sees a torn file, and the last edit is there`, async () => {
    const node = system.nodes.get('node-a');
    if (!node) throw new Error('no node-a');
    const file = join(node.files, 'stream.json');
    let written = 0;
    let isOver = false;
    const edits = async () => {
      while (!isOver) {
        const body = { metadata: { name: 'stream' }, spec: version(++written) };
        const object = { apiVersion: 'seccomp-operator.dev/v1alpha1', kind: 'SeccompProfile', ...body };
        if (written === 1) await transport.request('POST', PATH, { body: object });
        else await transport.request('PATCH', `${PATH}/stream`, { contentType: 'application/merge-patch+json', body });
        await delay(10);
      }
    };
    const seen = new Set<number>();
    const reader = async () => {
      while (!isOver) {
        for (let burst = 0; burst < 20; burst++) seen.add(readVersion(file));
        await nextTurn();
      }
    };
    const editing = edits();
    await until('the first version is there', () => readVersion(file) > 0);
    const reading = reader();
    for (let kill = 0; kill < KILLS; kill++) {
      // Three of four at work, the others while they start.
      const before = readVersion(file);
      if (kill % 4) await until('it writes', () => readVersion(file) !== before, { everyMs: 5 });
      // The random moment is the subject here, not a wait for something.
      await delay(Math.random() * (kill % 4 ? 40 : 200));
      await node.agent.kill();
      await system.restartAgent('node-a');
    }
    isOver = true;
    await Promise.all([editing, reading]);
    await system.untilReady('stream');
    expect(readVersion(file)).to.equal(written);
    expect(seen.size, 'versions that the reader saw').to.be.greaterThan(KILLS / 2);
  });
});

/** Which version the file holds, whole; 0 when there is none. Throws on anything else. */
function readVersion(file: string): number {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  const n = Number(/call_0_of_(\d+)/.exec(text)?.[1]);
  if (text !== renderProfile(version(n), 'amd64'))
    throw new Error(`torn: ${text.slice(0, 200)} ... ${text.slice(-100)}`);
  return n;
}
