import { lstatSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { AGENT_NAMESPACE } from '../../src/core/names.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';
import { Reader } from '../support/reader.ts';

const DIST = join(import.meta.dirname, '../../dist');
const PACKAGE = join(import.meta.dirname, '../../package.json');
const NODES = ['node-a', 'node-b'];
const PROFILES = ['web', 'shop', 'mail'];
const NEXT = '99.0.0';

describe('from one version to the next and back', function () {
  this.timeout(180_000);
  let system: System;
  let current: string;
  let reader: Reader;
  let atFirst: string;

  before(async function () {
    this.timeout(600_000);
    system = await System.start(NODES);
    current = JSON.parse(await readFile(PACKAGE, 'utf8')).version;
    for (const name of PROFILES) await system.profiles.install(name, specOf(name));
    reader = await Reader.start(NODES.flatMap(node => PROFILES.map(name => path(node, name))));
    atFirst = await state();
  });

  after(async () => {
    await reader?.stop();
    await system?.stop();
  });

  const specOf = (call: string) => ({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mount', call], action: 'SCMP_ACT_ERRNO' }],
  });
  const path = (node: string, name: string) => join(system.nodes.get(node)?.files ?? '', `${name}.json`);
  /** What a needless write would change: the rendered ConfigMaps, and the files themselves. */
  const state = async () => {
    const versions = 'jsonpath={.items[*].metadata.resourceVersion}';
    const rendered = [
      'get',
      'configmaps',
      '-n',
      AGENT_NAMESPACE,
      '-l',
      'seccomp-operator.dev/rendered',
      '-o',
      versions,
    ];
    const inodes = NODES.flatMap(node => PROFILES.map(name => lstatSync(path(node, name)).ino));
    return `${await system.plane.kubectl(rendered)} ${inodes.join(' ')}`;
  };
  const agentVersion = (node: string) =>
    system.plane.kubectl(['get', 'seccompnode', node, '-o', 'jsonpath={.status.agentVersion}']);

  /** The programs as they are, with another version in them. */
  async function programsOf(version: string): Promise<string> {
    const directory = join(system.plane.directory, `programs-${version}`);
    await mkdir(directory);
    for (const file of (await readdir(DIST)).filter(name => /^(agent|operator)\.js$|^package\.json$/.test(name))) {
      const text = await readFile(join(DIST, file), 'utf8');
      const changed = text.replaceAll(`"${current}"`, `"${version}"`);
      if (file.endsWith('.js')) expect(changed, file).not.to.equal(text);
      await writeFile(join(directory, file), changed);
    }
    return directory;
  }

  /** The operator first, then one agent after the other, as the DaemonSet's rolling update does. */
  async function roll(version: string): Promise<void> {
    await system.operator.stop();
    await system.startOperator();
    for (const node of NODES) {
      await system.nodes.get(node)?.agent.stop();
      system.restartAgent(node);
      await until(`${node} reports version ${version}`, async () => (await agentVersion(node)) === version);
    }
    for (const name of PROFILES) await system.profiles.untilReady(name);
  }

  it('replaces operator and agents without a moment in which a file is missing, and rewrites none', async () => {
    system.programs = await programsOf(NEXT);
    await roll(NEXT);
    expect(reader.wrong).to.deep.equal([]);
    expect(await state()).to.equal(atFirst);
  });

  it('works in the new version', async () => {
    await system.profiles.install('late', specOf('umount2'));
    for (const node of NODES) expect(await readFile(path(node, 'late'), 'utf8')).to.include('umount2');
  });

  it('goes back the same way, with what the newer one has installed', async () => {
    system.programs = DIST;
    await roll(current);
    await system.profiles.untilReady('late');
    expect(reader.wrong).to.deep.equal([]);
    for (const node of NODES) expect(await readFile(path(node, 'late'), 'utf8')).to.include('umount2');
  });

  it('was watched all the while', () => {
    expect(reader.rounds).to.be.greaterThan(100);
  });
});
