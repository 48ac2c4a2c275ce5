import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '../../src/core/api/seccomp-profile.ts';
import type { Installation } from '../../test/rig/cluster/installation.ts';
import { until } from '../../test/rig/until.ts';
import { Pods } from '../../test/support/pods.ts';

const allowing = (...names: string[]) => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  flags: ['SECCOMP_FILTER_FLAG_LOG'],
  syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }],
});
const STAGES: Stage[] = [
  { mode: 'Audit', soak: '20s' },
  { mode: 'Enforce', soak: '20s', nodeSelector: { canary: 'true' }, onViolations: 'RollBack' },
  { mode: 'Enforce', soak: '20s' },
];

/** Some minutes in the life of a small cluster: profiles come, Pods break rules, a rollout is held, a node is lost. */
export async function live(system: Installation, note: (line: string) => void): Promise<void> {
  const pods = new Pods(system);
  await system.kubectl(['label', 'node', 'node-1', 'canary=true']);

  note('profiles, and Pods under them');
  await system.profiles.install('deny-mount', allowing('mount', 'umount2'));
  await system.profiles.install('web', { ...allowing('mkdir', 'mkdirat'), mode: 'Audit' });
  await system.profiles.install('batch', { ...allowing('chmod', 'fchmodat', 'link', 'linkat'), mode: 'Audit' });
  await pods.shell('web', calls('mkdir /tmp/$n; sleep 1'), { profile: 'web', node: 'node-1' });
  await pods.shell('batch', calls('chmod 700 /tmp; sleep 3'), { profile: 'batch', node: 'node-2' });
  await sleep(30_000);

  note('a rollout that a Pod spoils on the canary');
  await system.profiles.apply('shop', { ...allowing('rmdir', 'unlinkat'), rollout: { stages: STAGES } });
  await passStage(system, pods, 'shop', '2/3 Soaking');
  await pods.exec('shop', 'sh', '-c', 'mkdir /tmp/a; rmdir /tmp/a || true');
  await until('it is taken back', async () => (await summary(system, 'shop')) === '1/3 RolledBack');

  note('a profile whose base is missing');
  await system.profiles.apply('orphan', { ...allowing('swapon'), baseProfileName: 'nowhere' });
  await sleep(20_000);

  note('somebody alters a file on node-2');
  await appendFile(system.file('node-2', 'web'), '# altered\n');
  await sleep(20_000);

  note('node-3 joins, and loses its power');
  const { name } = await system.cluster.addNode();
  await until('it has everything', async () => (await system.profiles.get('web')).status?.nodes?.summary === '3/3');
  await sleep(15_000);
  const node = system.node(name);
  await node.switchOff();
  await system.profiles.apply('web', { ...allowing('mkdir', 'mkdirat', 'rmdir'), mode: 'Audit' });
  await sleep(60_000);
  await node.switchOn();
  await sleep(40_000);
}

const calls = (line: string) => `n=0; while :; do n=$((n + 1)); ${line}; done`;

async function summary(system: Installation, profile: string): Promise<string | undefined> {
  return ((await system.profiles.get(profile)).status?.rollout as { summary?: string } | undefined)?.summary;
}

/** Restarts its Pod whenever the rollout waits for that. */
async function passStage(system: Installation, pods: Pods, profile: string, to: string): Promise<void> {
  await until(
    `${profile} comes to ${to}`,
    async () => {
      const at = await summary(system, profile);
      if (at?.endsWith('WaitingForPods')) {
        await system.kubectl(['delete', 'pod', profile, '--ignore-not-found', '--wait']);
        await pods.shell(profile, 'sleep 3600', { profile, node: 'node-1' });
        await pods.untilReady(profile);
        await sleep(2_000);
      }
      return at === to;
    },
    { timeoutMs: 180_000 },
  );
}
