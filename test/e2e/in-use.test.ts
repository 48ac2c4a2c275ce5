import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { Installation } from '../rig/cluster/installation.ts';
import { BUSYBOX } from '../rig/images/recipes.ts';
import { until } from '../rig/until.ts';
import { Pods } from '../support/pods.ts';

const REFUSING = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
};
const SCRIPT = 'mkdir /tmp/x 2>&1; exec sleep 1000';

describe('a profile that Pods use, deleted on a real node', function () {
  this.timeout(300_000);
  let system: Installation;
  let pods: Pods;
  before(async () => {
    system = await Installation.start({ nodes: 1 });
    pods = new Pods(system);
    await until('the service account', () => system.kubectl(['get', 'serviceaccount', 'default']));
  });
  after(() => system?.stop());

  const under = (profile: string) => ({
    securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: `operator/${profile}.json` } },
  });
  const container = (name: string, script = SCRIPT) => ({
    name,
    image: BUSYBOX.name,
    imagePullPolicy: 'Never',
    command: ['sh', '-c', script],
  });
  const create = async (name: string, spec: object) => {
    const pod = { terminationGracePeriodSeconds: 0, ...spec };
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: pod };
    await system.kubectl(['create', '-f', '-'], JSON.stringify(object));
  };
  const running = (name: string) =>
    system.kubectl(['wait', '--for=jsonpath={.status.phase}=Running', `pod/${name}`, '--timeout=60s']);
  const end = (...names: string[]) => system.kubectl(['delete', 'pod', ...names, '--wait=false']);
  const inUse = async (name: string) =>
    (await system.profiles.get(name)).status?.conditions?.find(({ type }) => type === 'InUse')?.message ?? '';
  /** As Argo CD deletes. */
  const deleteInForeground = (name: string) =>
    system.kubectl(['delete', 'scp', name, '--cascade=foreground', '--wait=false']);
  const isDeleted = async (name: string) =>
    !(await system.kubectl(['get', 'scp', '-o', 'name'])).includes(`/${name}\n`);

  it('stays for a Pod, whose containers can start again, and goes by itself after it', async () => {
    await system.profiles.install('held', REFUSING);
    await create('user', { ...under('held'), containers: [container('c')] });
    await running('user');
    await deleteInForeground('held');
    await until('the condition names the Pod', async () =>
      (await inUse('held')).includes('1 Pod uses it: default/user'),
    );
    expect(existsSync(system.file('node-1', 'held'))).to.equal(true);

    process.kill(await system.pid(await pods.get('user')), 'SIGKILL');
    await until('its container was started again', async () => {
      const again = await pods.container('user');
      return again?.ready && again.restartCount === 1;
    });
    await until('under the profile', async () => (await pods.logs('user')).includes('Operation not permitted'));

    await end('user');
    await until('the profile goes', () => isDeleted('held'));
    expect(existsSync(system.file('node-1', 'held'))).to.equal(false);
  });

  describe('is held', () => {
    /** Pods that name it in one way each. */
    const users: Record<string, (profile: string) => object> = {
      'by-pod': profile => ({ ...under(profile), containers: [container('c')] }),
      'by-container': profile => ({ ...under('none'), containers: [{ ...container('c'), ...under(profile) }] }),
      'by-init': profile => ({
        initContainers: [{ ...container('i'), ...under(profile) }],
        containers: [container('c')],
      }),
      'by-sidecar': profile => ({
        initContainers: [{ ...container('s'), restartPolicy: 'Always', ...under(profile) }],
        containers: [container('c')],
      }),
      'by-ephemeral': () => ({ containers: [container('c')] }),
      // Its containers have another one; what is added to it later has not.
      'by-default': profile => ({
        ...under(profile),
        containers: [{ ...container('c'), securityContext: { seccompProfile: { type: 'Unconfined' } } }],
      }),
    };

    before(async () => {
      for (const name of ['shared', 'finished']) await system.profiles.install(name, REFUSING);
      for (const [name, specOf] of Object.entries(users)) await create(name, specOf('shared'));
      await running('by-ephemeral');
      const ephemeral = [{ ...container('debug'), ...under('shared') }];
      const patch = JSON.stringify({ spec: { ephemeralContainers: ephemeral } });
      await system.kubectl(['patch', 'pod', 'by-ephemeral', '--subresource=ephemeralcontainers', '-p', patch]);
    });

    it('by a setting of the Pod or of one of its containers, whatever kind, and by none after the last', async () => {
      const names = Object.keys(users).sort();
      await deleteInForeground('shared');
      await until('all are counted', async () => (await system.profiles.get('shared')).status?.usedBy === names.length);
      expect(await inUse('shared')).to.include(`${names.length} Pods use it: `);
      for (const [index, name] of names.entries()) {
        await end(name);
        const left = names.length - index - 1;
        if (left === 0) break;
        await until(`${left} are left`, async () => (await system.profiles.get('shared')).status?.usedBy === left);
        expect(existsSync(system.file('node-1', 'shared')), `after ${name}`).to.equal(true);
      }
      await until('it goes', () => isDeleted('shared'));
      expect(existsSync(system.file('node-1', 'shared'))).to.equal(false);
    });

    it('by no Pod that has finished', async () => {
      const spec = { ...under('finished'), restartPolicy: 'Never', containers: [container('c', 'mkdir /tmp/x')] };
      await create('done', spec);
      await pods.untilEnded('done');
      await until('it is not counted', async () => (await system.profiles.get('finished')).status?.usedBy === 0);
      await system.kubectl(['delete', 'scp', 'finished', '--cascade=foreground', '--timeout=60s']);
      expect(existsSync(system.file('node-1', 'finished'))).to.equal(false);
    });
  });
});
