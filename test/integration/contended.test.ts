import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const SPEC = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }] };
const OTHERS = '{"defaultAction": "SCMP_ACT_ALLOW"}';

describe('a file that another program on the node writes again and again', function () {
  this.timeout(240_000);
  let system: System;
  before(async () => {
    system = await System.start(['node-a']);
    for (const name of ['fought', 'quiet']) await system.profiles.install(name, SPEC);
  });
  after(() => system?.stop());

  const file = (name: string) => join(system.nodes.get('node-a')?.files ?? '', `${name}.json`);
  const report = async () => system.plane.kubectl(['get', 'seccompnode', 'node-a', '-o', 'jsonpath={.status}']);
  const repairs = async () => JSON.parse(await report()).repairs?.total ?? 0;

  it('is put right less and less often, is not Ready meanwhile, and is again when it is left alone', async () => {
    const right = await readFile(file('fought'), 'utf8');
    let stopped = false;
    let writes = 0;
    const write = async () => {
      while (!stopped) {
        if ((await readFile(file('fought'), 'utf8')) !== right) await setImmediate();
        else {
          await writeFile(file('fought'), OTHERS);
          writes++;
        }
      }
    };
    const writing = write();
    try {
      await until('Ready names the node, the file and why', async () => {
        const { status, message = '' } = (await system.ready('fought')) ?? {};
        return status === 'False' && /node-a: Contended: something else on the node alters fought\.json/.test(message);
      });
      // The first five at once, then one a second, two, four: and it goes on.
      const before = writes;
      await until('it is put right all the same, and altered again', () => writes >= before + 2);
      expect(writes).to.be.at.least(6);
      const drifted = await report();
      expect(drifted).to.include('"lastFile":"fought.json"');
      expect(drifted).to.include('"failuresTotal":1');
      // Without a bound it would be hundreds: the writer waits for nothing but the repair.
      expect(await repairs()).to.be.below(20);
    } finally {
      stopped = true;
      await writing;
    }
    await system.profiles.untilReady('fought', 'True', 180_000);
    expect(await readFile(file('fought'), 'utf8')).to.equal(right);
  });

  it('delays no other file', async () => {
    const right = await readFile(file('quiet'), 'utf8');
    await writeFile(file('quiet'), OTHERS);
    await until('it is put right', async () => (await readFile(file('quiet'), 'utf8')) === right);
    await system.profiles.untilReady('quiet');
  });
});
