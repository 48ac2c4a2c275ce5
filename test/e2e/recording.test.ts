import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SeccompProfile } from '../../src/core/api/seccomp-profile.ts';
import type { SeccompRecording } from '../../src/core/api/seccomp-recording.ts';
import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../../src/core/names.ts';
import { Installation, type PodObject } from '../rig/cluster/installation.ts';
import { imageArchive } from '../rig/images/images.ts';
import { PROGRAMS } from '../rig/images/recipes.ts';
import { until } from '../rig/until.ts';
import { WalkThrough } from '../support/walk-through.ts';

const ROOT = join(import.meta.dirname, '../..');
const API = '/apis/seccomp-operator.dev/v1alpha1';
/** Each program has a node, so that what happens to one is nothing to the other. */
const NODES = { web: 'node-1', api: 'node-2' };
type Name = keyof typeof NODES;

describe('docs/recording.md, carried out on real nodes', function () {
  this.timeout(300_000);
  let system: Installation;
  let directory: string;
  let walk: WalkThrough;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'recording-'));
    system = await Installation.start({
      nodes: 2,
      hostNetwork: 'machine',
      images: [await imageArchive(PROGRAMS, () => {})],
    });
    await system.configureAgents({ violations: { enabled: true } });
    const set = ['-n', AGENT_NAMESPACE, 'daemonset/seccomp-violations'];
    await until('the DaemonSet', () => system.kubectl(['get', ...set]));
    await system.kubectl(['rollout', 'status', ...set, '--timeout=120s']);
    for (const file of ['web.yaml', 'api.yaml', 'recordings.yaml'])
      await writeFile(
        join(directory, file),
        forThisCluster(await readFile(join(ROOT, 'examples/recording', file), 'utf8')),
      );
    walk = await WalkThrough.open(join(ROOT, 'docs/recording.md'), system.plane, directory);
  });
  after(async () => {
    await system?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const recording = async (name: Name) =>
    (await system.plane.get<SeccompRecording>(`${API}/seccomprecordings/${name}`)).status;
  const profile = (name: Name) => system.plane.get<SeccompProfile>(`${API}/seccompprofiles/${name}`);
  const callsOf = async (name: Name) => (await recording(name))?.profiles?.[0]?.recorded?.[0]?.syscalls ?? [];
  const untilRecorded = (name: Name, ...calls: string[]) =>
    until(
      `${calls.join()} of ${name} recorded`,
      async () => {
        const recorded = await callsOf(name);
        return calls.every(call => recorded.includes(call));
      },
      { timeoutMs: 120_000, everyMs: 500 },
    );

  /** Its Pod that is not about to end. */
  const pod = (name: Name): Promise<PodObject> =>
    until(`one Pod of ${name}`, async () => {
      const pods = await system.pods('default', `app=${name}`);
      const [one, ...others] = pods.filter(({ metadata }) => !metadata.deletionTimestamp);
      return others.length === 0 && one?.status.containerStatuses?.[0]?.ready && one;
    });
  const ask = async (name: Name, page = '/'): Promise<string> => {
    const { status } = await pod(name);
    return until(`${name} answers`, async () => (await fetch(`http://${status.podIP}:8000${page}`)).text());
  };
  const modeOf = async (name: Name) =>
    (await readFile(`/proc/${await system.pid(await pod(name))}/status`, 'utf8')).match(/^Seccomp:\s+(\d)$/m)?.[1];

  it('says that Pods must name the profile', async () => {
    await walk.to('kubectl apply -f web.yaml');
    await pod('web');
    await walk.to('kubectl get seccomprecordings');
    await until('both Pods are seen', async () => (await walk.again()).match(/ 0\/1 /g)?.length === 2);
    expect(await walk.to('kubectl get scr web')).to.contain('localhostProfile: operator/web.json');
  });

  it('records what they call', async () => {
    await walk.to('kubectl rollout status');
    expect(await ask('web')).to.contain('Welcome to nginx');
    expect(await ask('api')).to.match(/^hello, /);
    // What the runtime does for a command is recorded too, but for what no container should have.
    await system.kubectl(['exec', 'deployment/web', '--', 'sh', '-c', 'exit']);
    await untilRecorded('web', 'accept4', 'socket');
    await untilRecorded('api', 'accept4', 'socket');
  });

  it('goes on when operator and violations program are restarted, and says that it was interrupted', async () => {
    const before = await callsOf('api');
    const programs = await system.pods(AGENT_NAMESPACE, 'app.kubernetes.io/component=violations');
    const { metadata } = programs.find(({ spec }) => spec.nodeName === NODES.api) as PodObject;
    await system.kubectl(['delete', 'pod', '-n', AGENT_NAMESPACE, metadata.name, '--force', '--grace-period=0']);
    await system.kubectl([
      'delete',
      'pod',
      '-n',
      OPERATOR_NAMESPACE,
      await system.leader(),
      '--force',
      '--grace-period=0',
    ]);
    await until('the interruption is told', async () => (await recording('api'))?.evidence?.interruptions === 1, {
      timeoutMs: 120_000,
      everyMs: 500,
    });
    expect(await ask('api', '/late')).to.equal('renamed');
    await untilRecorded('api', 'rename', ...before);
    await walk.to('kubectl get seccomprecordings');
    const lossless = async (name: Name) => (await recording(name))?.conditions?.find(each => each.type === 'Lossless');
    expect(await lossless('web')).to.include({ status: 'True' });
    expect(await lossless('api')).to.include({ status: 'False', reason: 'RecordsMissed' });
  });

  it('ends with profiles in mode Audit', async () => {
    await walk.to('kubectl get seccompprofiles');
    await until('they are ready', async () => (await walk.again()).match(/ True .* Audit /g)?.length === 2);
    expect(await walk.to('kubectl get scp web')).to.match(/^\d+ calls recorded from .* on 1 node: 0 records lost/);
    for (const name of ['web', 'api'] as const) {
      const { spec } = await profile(name);
      expect(spec).to.deep.include({ mode: 'Audit', defaultAction: 'SCMP_ACT_ERRNO' });
      const allowed = new Set(spec.syscalls?.flatMap(({ names }) => names));
      expect(allowed.isSupersetOf(new Set(await callsOf(name))), name).to.equal(true);
      for (const call of ['symlink', 'fsopen', 'mount']) expect(allowed.has(call), call).to.equal(false);
    }
    expect(await walk.to('kubectl get scr web')).to.contain('accept4');
  });

  it('says which Pods still log, and then what was not recorded', async () => {
    expect(await walk.to('kubectl get scr web')).to.match(
      /still under the filter that logs: 1 Pod, restart default\/web-/,
    );
    await walk.to('kubectl rollout status');
    await until('none is left behind', async () => !(await recording('web'))?.mustRestart);
    expect(await ask('api')).to.match(/^hello, /);
    expect(await ask('web')).to.contain('Welcome to nginx');
    expect(await ask('api', '/report')).to.equal('linked');
    await walk.to('kubectl seccomp violations');
    await until('both are told', async () => /^api +symlink[\s\S]*^web +kill /m.test(await walk.again()), {
      everyMs: 500,
    });
  });

  it('enforces what was recorded and suggested', async () => {
    await walk.to('kubectl rollout status');
    for (const name of ['web', 'api'] as const) {
      expect(await modeOf(name)).to.equal('2');
      expect(JSON.parse(await system.read(NODES[name], name)).defaultAction).to.equal('SCMP_ACT_ERRNO');
    }
    await walk.to('kubectl exec deployment/web');
    expect(await ask('web')).to.contain('Welcome to nginx');
    expect(await ask('api')).to.match(/^hello, /);
    expect(await ask('api', '/late')).to.equal('renamed');
    expect(await ask('api', '/report')).to.equal('linked');
    expect(await walk.to('kubectl get seccompprofiles')).to.match(/api .* Enforce [\s\S]*web .* Enforce /);
    expect(walk.left).to.deep.equal([]);
    if (process.env['SECCOMP_OPERATOR_UPDATE']) await walk.update();
  });
});

/** Images that this cluster has, and each program on its node. */
function forThisCluster(manifest: string): string {
  return manifest
    .replace(/image: .*/g, `image: ${PROGRAMS.name}`)
    .replace(/^( +)containers:\n +- name: (nginx|node)$/gm, (all, indent: string, container: string) => {
      const node = container === 'nginx' ? NODES.web : NODES.api;
      return `${indent}nodeSelector: {kubernetes.io/hostname: ${node}}\n${all}`;
    });
}
