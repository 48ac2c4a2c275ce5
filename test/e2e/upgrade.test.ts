import { lstatSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../../src/core/names.ts';
import { Installation } from '../rig/cluster/installation.ts';
import { otherRelease } from '../rig/images/operator.ts';
import { until } from '../rig/until.ts';
import { Pods } from '../support/pods.ts';
import { Reader } from '../support/reader.ts';

const PROJECT = join(import.meta.dirname, '../..');
const NODES = ['node-1', 'node-2'];
const PROFILES = ['web', 'shop', 'mail'];
const NEXT = '99.0.0';

describe('from one image to the next and back, on real nodes', function () {
  this.timeout(300_000);
  let system: Installation;
  let directory: string;
  let current: string;
  let reader: Reader;
  let atFirst: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'upgrade-test-'));
    current = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8')).version;
    const { archive } = await otherRelease(NEXT, directory, () => {});
    system = await Installation.start({ nodes: NODES.length, images: [archive] });
    for (const name of PROFILES) await system.profiles.install(name, refusing(name));
    reader = await Reader.start(NODES.flatMap(node => PROFILES.map(name => system.file(node, name))));
    atFirst = await state();
  });

  after(async () => {
    await reader?.stop();
    await system?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const refusing = (errno: string) => ({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: errno.length }],
  });
  /** What a needless write would change: the rendered ConfigMaps, and the files themselves. */
  const state = async () => {
    const rendered = ['get', 'configmaps', '-n', AGENT_NAMESPACE, '-l', 'seccomp-operator.dev/rendered'];
    const versions = await system.kubectl([...rendered, '-o', 'jsonpath={.items[*].metadata.resourceVersion}']);
    const inodes = NODES.flatMap(node => PROFILES.map(name => lstatSync(system.file(node, name)).ino));
    return `${versions} ${inodes.join(' ')}`;
  };
  const rollout = (namespace: string, what: string) =>
    system.kubectl(['-n', namespace, 'rollout', 'status', what, '--timeout=180s']);

  /** As docs/upgrade.md says. */
  async function change(version: string): Promise<void> {
    const overlay = join(directory, version);
    await mkdir(overlay, { recursive: true });
    const kustomization = {
      resources: [relative(overlay, join(PROJECT, 'manifests/base'))],
      images: [{ name: 'seccomp-operator', newTag: `v${version}` }],
    };
    await writeFile(join(overlay, 'kustomization.yaml'), stringify(kustomization));
    await system.kubectl(['apply', '-k', overlay]);
    await rollout(OPERATOR_NAMESPACE, 'deployment/seccomp-operator');
    const image = 'jsonpath={.spec.template.spec.containers[0].image}';
    const daemonSet = ['-n', AGENT_NAMESPACE, 'get', 'daemonset', 'seccomp-agent', '-o', image];
    await until('the operator gives the agents its image', async () =>
      (await system.kubectl(daemonSet)).endsWith(`:v${version}`),
    );
    await rollout(AGENT_NAMESPACE, 'daemonset/seccomp-agent');
    await system.kubectl(['wait', '--for=condition=Ready', 'scp', '--all', '--timeout=60s']);
  }

  async function expectAllAt(version: string): Promise<void> {
    const operators = (await system.operators()).filter(({ metadata }) => !metadata.deletionTimestamp);
    const agents = await Promise.all(NODES.map(node => system.agent(node)));
    expect(operators).to.have.length(2);
    for (const { spec } of [...operators, ...agents])
      expect(spec.containers[0]?.image).to.equal(`seccomp-operator:v${version}`);
    const names = operators.map(({ metadata }) => metadata.name);
    await until('one of them leads', async () => names.includes(await system.leader()));
    await until('every node reports that version', async () => {
      const versions = ['get', 'seccompnodes', '-o', 'jsonpath={.items[*].status.agentVersion}'];
      return (await system.kubectl(versions)) === NODES.map(() => version).join(' ');
    });
  }

  it('replaces two operators and every agent without a moment in which a file is missing, and rewrites none', async () => {
    await change(NEXT);
    await expectAllAt(NEXT);
    for (const name of PROFILES) await system.profiles.untilReady(name);
    expect(await state()).to.equal(atFirst);
    expect(reader.wrong).to.deep.equal([]);
  });

  it('works in the new version', async () => {
    await system.profiles.install('late', refusing('late'));
    const { output } = await new Pods(system).run('late', 'mkdir /tmp/x 2>&1', { profile: 'late' });
    expect(output).to.include('Interrupted system call');
  });

  it('goes back the same way, with what the newer one has installed', async () => {
    await change(current);
    await expectAllAt(current);
    for (const name of [...PROFILES, 'late']) await system.profiles.untilReady(name);
    expect(await state()).to.include(
      atFirst
        .split(' ')
        .slice(-PROFILES.length * NODES.length)
        .join(' '),
    );
    expect(reader.wrong).to.deep.equal([]);
    expect(JSON.parse(await system.read('node-2', 'late')).syscalls[0].errnoRet).to.equal('late'.length);
  });

  it('was watched all the while', () => {
    expect(reader.rounds).to.be.greaterThan(100);
  });
});
