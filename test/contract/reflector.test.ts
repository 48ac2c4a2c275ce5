import { join } from 'node:path';
import { expect } from 'chai';
import { silentLog } from '../../src/core/log.ts';
import { kubeconfigCredentials } from '../../src/kube/kubeconfig.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { Reflector, type ReflectorOptions } from '../../src/kube/reflector.ts';
import { Transport } from '../../src/kube/transport.ts';
import { type ControlPlane, startControlPlane } from '../rig/control-plane.ts';
import { FaultProxy, failWatch, refuse, type Seen } from '../support/fault-proxy.ts';
import { Recorder } from './recorder.ts';
import { Sandbox } from './sandbox.ts';

const userAgent = 'contract-test';

/** Asks to go on from a resourceVersion. */
const resumes = ({ query }: Seen): boolean => query.get('watch') === 'true' && query.has('resourceVersion');

const streamsList = ({ query }: Seen): boolean => query.has('sendInitialEvents');

describe('reflector on a real API server', function () {
  this.timeout(180_000);
  let plane: ControlPlane;
  let api: Transport;
  let proxy: FaultProxy;
  let sandbox: Sandbox;
  let recorder: Recorder<string>;
  let through: Transport;
  let running: Reflector<KubeObject, string>[];

  before(async () => {
    plane = await startControlPlane();
    api = new Transport({ credentials: await kubeconfigCredentials(plane.kubeconfig), userAgent });
  });

  after(async () => {
    api?.close();
    await plane?.stop();
  });

  beforeEach(async () => {
    proxy = await FaultProxy.start(await kubeconfigCredentials(plane.kubeconfig));
    through = new Transport({ credentials: proxy.credentials, userAgent });
    sandbox = await Sandbox.make(api);
    recorder = new Recorder();
    running = [];
  });

  afterEach(async () => {
    await Promise.all(running.map(reflector => reflector.stop()));
    through.close();
    await proxy.stop();
  });

  /** Through the proxy, with the shortest of its random delays. */
  function reflect(options: Partial<ReflectorOptions<KubeObject, string>> = {}): Reflector<KubeObject, string> {
    const reflector = new Reflector<KubeObject, string>({
      transport: through,
      path: sandbox.path,
      name: 'configmaps',
      project: ({ metadata }) => metadata.resourceVersion ?? '',
      handler: recorder,
      log: silentLog,
      random: () => 0,
      ...options,
    });
    running.push(reflector);
    reflector.start();
    return reflector;
  }

  it('lists, then tells of what comes, changes and goes', async () => {
    await sandbox.create('old');
    const reflector = reflect();
    await reflector.whenSynced();
    expect(recorder.told).to.deep.equal(['added old']);
    expect(recorder.changes[0]?.initial).to.equal(true);
    await sandbox.create('new');
    const edited = await sandbox.edit('new', { a: 'b' });
    await sandbox.delete('old');
    await recorder.untilTold('deleted', 'old');
    expect(recorder.told).to.deep.equal(['added old', 'added new', 'modified new', 'deleted old']);
    expect(recorder.changes.slice(1).every(({ initial }) => !initial)).to.equal(true);
    expect([...reflector.items]).to.deep.equal([[`${sandbox.namespace}/new`, edited.metadata.resourceVersion]]);
    expect(proxy.requests).to.have.length(1);
  });

  it('waits for its random part of the time over which clients spread their first lists', async () => {
    const patient = reflect({ startJitterMs: 86_400_000, random: () => 0.5 });
    await reflect({ startJitterMs: 86_400_000, random: () => 0 }).whenSynced();
    expect(patient.isSynced).to.equal(false);
    expect(proxy.requests).to.have.length(1);
  });

  it('asks the server to end each watch after a time of its own', async () => {
    const lifetimes = [0, 0.5, 1].map(async share => {
      await reflect({ random: () => share, startJitterMs: 0 }).whenSynced();
    });
    await Promise.all(lifetimes);
    const asked = proxy.requests.map(({ query }) => Number(query.get('timeoutSeconds'))).sort((a, b) => a - b);
    expect(asked).to.deep.equal([240, 360, 480]);
  });

  it('goes on where it was after a watch is cut in the middle of a line', async () => {
    await sandbox.create('a');
    await reflect().whenSynced();
    proxy.cutWatches();
    await sandbox.create('b');
    await recorder.untilTold('added', 'b');
    expect(recorder.told).to.deep.equal(['added a', 'added b']);
    expect(proxy.lists).to.have.length(1);
    expect(proxy.requests.slice(1).every(resumes)).to.equal(true);
  });

  const forgotten: Record<string, (response: Parameters<typeof refuse>[0]) => true> = {
    'an HTTP 410': response => refuse(response, 410, 'Expired'),
    'an ERROR event 410': response => failWatch(response, 410, 'Expired'),
    'a resourceVersion from the future': response =>
      refuse(response, 504, 'Timeout', { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } }),
  };
  for (const [what, answer] of Object.entries(forgotten)) {
    it(`lists again after ${what}, and finds what was deleted meanwhile`, async () => {
      await sandbox.create('stays');
      await sandbox.create('goes');
      await reflect().whenSynced();
      proxy.intercept = async (seen, response) => {
        if (!resumes(seen)) return false;
        proxy.intercept = undefined;
        await sandbox.delete('goes');
        return answer(response);
      };
      proxy.cutWatches();
      await recorder.until(() => recorder.syncs.length === 2);
      expect(recorder.told.slice(2)).to.deep.equal(['deleted goes']);
      expect(recorder.changes[2]?.object).to.equal(undefined);
      expect(proxy.lists).to.have.length(2);
    });
  }

  it('notices a server that is frozen', async () => {
    const reflector = reflect({ idleTimeoutMs: 500 });
    await reflector.whenSynced();
    proxy.freezeWatches();
    await sandbox.create('a');
    await recorder.untilTold('added', 'a');
    expect(recorder.syncs).to.have.length(1);
  });

  /** Watches that are taken up bring nothing, as in a cluster where nothing changes; a number of times. */
  const silence = (times: number) => {
    let left = times;
    proxy.intercept = (seen, response) => {
      if (!resumes(seen) || left-- <= 0) return false;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      return true;
    };
    proxy.cutWatches();
  };

  it('asks a server that is silent how far it is, and goes on without a list where it has nothing to tell', async () => {
    await reflect({ idleTimeoutMs: 500, relistSpreadMs: 600_000 }).whenSynced();
    silence(1);
    const silent = proxy.intercept;
    proxy.intercept = async (seen, response) => {
      // So that the next watch has something to tell.
      if (seen.query.get('limit') === '1') await sandbox.create('a');
      return silent?.(seen, response) ?? false;
    };
    await recorder.untilTold('added', 'a');
    expect(recorder.syncs).to.have.length(1);
    expect(proxy.lists.map(({ query }) => query.get('limit'))).to.deep.equal([null, '1']);
  });

  it('lists again when a silent server is not as far as it is: its etcd was restored', async () => {
    await sandbox.create('goes');
    await reflect({ idleTimeoutMs: 500, relistSpreadMs: 600_000 }).whenSynced();
    await sandbox.delete('goes');
    await recorder.untilTold('deleted', 'goes');
    silence(1);
    const silent = proxy.intercept;
    proxy.intercept = (seen, response) => {
      if (seen.query.get('limit') !== '1') return silent?.(seen, response) ?? false;
      response.end(JSON.stringify({ kind: 'ConfigMapList', metadata: { resourceVersion: '1' }, items: [] }));
      return true;
    };
    await recorder.until(() => recorder.syncs.length === 2);
    expect(proxy.requests.filter(resumes)).to.have.length(1);
  });

  it('lists again when the next watch is silent as well', async () => {
    await sandbox.create('goes');
    await reflect({ idleTimeoutMs: 500, relistSpreadMs: 600_000 }).whenSynced();
    silence(2);
    await sandbox.delete('goes');
    await recorder.until(() => recorder.syncs.length === 2);
    expect(recorder.told).to.deep.equal(['added goes', 'deleted goes']);
    expect(recorder.changes[1]?.initial).to.equal(true);
  });

  it('lists again after it lost the server: etcd may be an older one, and have come as far since', async () => {
    await sandbox.create('kept');
    const snapshot = join(plane.directory, 'snapshot');
    await plane.snapshot(snapshot);
    await sandbox.create('lost');
    await reflect({ relistSpreadMs: 0 }).whenSynced();
    proxy.intercept = (_, response) => {
      response.socket?.destroy();
      return true;
    };
    proxy.cutWatches();
    await plane.restore(snapshot);
    for (let at = 0; at < 20; at++) await sandbox.edit('kept', { at: String(at) });
    proxy.intercept = undefined;
    await recorder.untilTold('deleted', 'lost');
  });

  it('follows a server that is restarted', async () => {
    await reflect().whenSynced();
    await plane.restartApiserver();
    await sandbox.create('a');
    await recorder.untilTold('added', 'a');
  });

  it('comes back slower and slower to a server that ends each watch at once', async () => {
    await reflect().whenSynced();
    const ended: number[] = [];
    proxy.intercept = ({ at }, response) => {
      if (ended.push(at) === 3) proxy.intercept = undefined;
      response.end();
      return true;
    };
    proxy.cutWatches();
    await sandbox.create('a');
    await recorder.untilTold('added', 'a');
    const gaps = ended.slice(1).map((at, i) => at - (ended[i] ?? 0));
    // Half of 1 and 2 s at least: timers may be late, never early (but for a millisecond of rounding).
    for (const [i, gap] of gaps.entries()) expect(gap, `gap ${i}`).to.be.at.least(500 * 2 ** i - 2);
  });

  it('goes on through refusals of all kinds', async () => {
    const refusals = [401, 403, 404, 503];
    proxy.intercept = (_, response) => {
      const code = refusals.shift();
      return code !== undefined && refuse(response, code, 'Refused');
    };
    await sandbox.create('a');
    await reflect().whenSynced();
    expect(refusals).to.deep.equal([]);
    expect(recorder.told).to.deep.equal(['added a']);
  });

  it('waits as long as the server asks', async () => {
    proxy.intercept = (_, response) => {
      proxy.intercept = undefined;
      response.setHeader('retry-after', '2');
      return refuse(response, 429, 'TooManyRequests');
    };
    await reflect().whenSynced();
    const [refused, repeated] = proxy.requests;
    expect((repeated?.at ?? 0) - (refused?.at ?? 0)).to.be.at.least(1_998);
  });

  const unserved: Record<string, (response: Parameters<typeof refuse>[0]) => true> = {
    'refuses the parameter': response => refuse(response, 422, 'Invalid'),
    'has an etcd without progress requests': response =>
      failWatch(response, 500, 'InternalError', 'RequestWatchProgress is disabled'),
  };
  for (const [what, answer] of Object.entries(unserved)) {
    it(`lists by pages where the server ${what}, and remembers it`, async () => {
      const names = ['a', 'b', 'c', 'd', 'e'];
      for (const name of names) await sandbox.create(name);
      proxy.intercept = (seen, response) => streamsList(seen) && answer(response);
      const reflector = reflect({ pageSize: 2, relistAfterMs: 0 });
      await reflector.whenSynced();
      expect(recorder.told).to.deep.equal(names.map(name => `added ${name}`));
      expect(recorder.changes[0]?.object).to.deep.include({ apiVersion: 'v1', kind: 'ConfigMap' });
      await sandbox.create('f');
      await recorder.untilTold('added', 'f');
      proxy.cutWatches();
      await recorder.until(() => recorder.syncs.length === 2);
      expect(proxy.requests.filter(streamsList)).to.have.length(1);
      expect(recorder.changes).to.have.length(6);
    });
  }

  it('deletes nothing because of a list that failed midway', async () => {
    for (const name of ['a', 'b', 'c']) await sandbox.create(name);
    let refusals = 0;
    reflect({ streamingList: false, pageSize: 1, relistAfterMs: 0 });
    await recorder.untilTold('added', 'c');
    // Seen by the watch, so there is one to cut.
    await sandbox.create('d');
    await recorder.untilTold('added', 'd');
    proxy.intercept = ({ query }, response) => {
      if (!query.has('continue') || refusals === 2) return false;
      refusals += 1;
      return refuse(response, 500, 'InternalError');
    };
    proxy.cutWatches();
    await recorder.until(() => recorder.syncs.length === 2);
    expect(refusals).to.equal(2);
    expect(recorder.told).to.deep.equal(['added a', 'added b', 'added c', 'added d']);
  });

  it('outlives a handler that throws', async () => {
    await sandbox.create('a');
    const handler = {
      changed: (change: Parameters<typeof recorder.changed>[0]) => {
        recorder.changed(change);
        throw new Error('a bug');
      },
      synced: () => Promise.reject(new Error('another bug')),
    };
    await reflect({ handler }).whenSynced();
    await sandbox.create('b');
    await recorder.untilTold('added', 'b');
    expect(proxy.requests).to.have.length(1);
  });

  it('reads no further while a handler is busy', async () => {
    const busy = Promise.withResolvers<void>();
    const seen: string[] = [];
    const handler = {
      changed: async ({ key }: { key: string }) => {
        seen.push(`begin ${key.split('/')[1]}`);
        await busy.promise;
        seen.push(`end ${key.split('/')[1]}`);
      },
    };
    await sandbox.create('a');
    await sandbox.create('b');
    const reflector = reflect({ handler });
    busy.resolve();
    await reflector.whenSynced();
    expect(seen).to.deep.equal(['begin a', 'end a', 'begin b', 'end b']);
  });

  it('says nothing more once it is stopped, whether it was connected or waiting', async () => {
    const stopped = reflect();
    await stopped.whenSynced();
    await stopped.stop();
    const told = [...recorder.told];
    const other = new Recorder<string>();
    await reflect({ handler: other, transport: api }).whenSynced();
    await sandbox.create('late');
    await other.untilTold('added', 'late');
    expect(recorder.told).to.deep.equal(told);

    const refused = Promise.withResolvers<void>();
    proxy.intercept = (_, response) => {
      refused.resolve();
      response.setHeader('retry-after', '3600');
      return refuse(response, 429, 'TooManyRequests');
    };
    const waiting = reflect();
    const first = waiting.whenSynced().catch((error: Error) => error.message);
    await refused.promise;
    await waiting.stop();
    expect(await first).to.match(/stopped before/);
  });
});
