import { expect } from 'chai';
import { silentLog } from '../../src/core/log.ts';
import { KernelLog } from '../../src/host/kernel-log.ts';
import { loadLibc } from '../../src/host/netlink/libc.ts';
import { Watcher } from '../../src/violations/watcher.ts';
import { until } from '../rig/until.ts';
import { type FakeContainer, FakeNode, LOG } from '../support/violations/container.ts';

describe('violations from the kernel’s log, where there is no audit socket to be had', function () {
  this.timeout(120_000);
  let machine: FakeNode;
  let container: FakeContainer;
  let watcher: Watcher;

  before(async () => {
    machine = new FakeNode();
    container = machine.container('43a7b130-2354-4564-9628-554d82403c6f');
    const libc = await loadLibc();
    watcher = new Watcher({ libc, source: new KernelLog(libc), news: () => {}, log: silentLog });
    watcher.start();
  });

  after(async () => {
    watcher?.stop();
    await machine?.remove();
  });

  const own = () => watcher.tally.report().entries.filter(({ containerID }) => containerID === container.id);

  it('are those since it was opened', () => {
    expect(watcher.tally.report()).to.include({ lost: 0, unlisted: 0 });
  });

  it('are attributed as any other', async () => {
    // The kernel passes ten in five seconds, and others may have had them.
    const [entry] = await until(
      'one is seen',
      async () => {
        await container.run(LOG, 'call:1');
        return own().length > 0 && own();
      },
      { everyMs: 500 },
    );
    expect(entry).to.include({ syscall: 'mkdir', action: 'SCMP_ACT_LOG' });
  });

  it('that the kernel suppressed are counted as lost', async () => {
    await until(
      'the kernel says so',
      async () => {
        await container.run(LOG, 'call:40');
        return watcher.tally.report().lost > 0;
      },
      { everyMs: 1_000 },
    );
  });
});
