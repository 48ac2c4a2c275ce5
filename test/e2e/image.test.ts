import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { buildOperatorImage, operatorImage } from '../rig/images/operator.ts';

const run = promisify(execFile);

interface Manifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}

describe('the image', function () {
  this.timeout(600_000);
  let directory: string;
  let archive: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'image-test-'));
    ({ archive } = await operatorImage(() => {}));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  const read = async (from: string, path: string): Promise<string> =>
    (await run('tar', ['-xOf', from, path], { maxBuffer: 1 << 26 })).stdout;
  const digest = async (from: string): Promise<string> =>
    JSON.parse(await read(from, 'index.json')).manifests[0].digest;
  const blob = async <T>(of: string): Promise<T> =>
    JSON.parse(await read(archive, `blobs/sha256/${of.replace('sha256:', '')}`)) as T;
  /** What layer N adds (from the last: -1 is ours), unpacked. */
  const layer = async (index: number): Promise<string> => {
    const { layers } = await blob<Manifest>(await digest(archive));
    const [name] = (layers.at(index)?.digest ?? '').replace('sha256:', '').split('@');
    const into = await mkdtemp(join(directory, 'layer-'));
    const command = 'tar -xOf "$0" "blobs/sha256/$1" | tar -xz -C "$2"';
    await run('bash', ['-o', 'pipefail', '-c', command, archive, name ?? '', into]);
    return into;
  };
  const files = async (root: string): Promise<string[]> =>
    (await run('find', [root, '-type', 'f', '-printf', '%P\\n'])).stdout.trim().split('\n').sort();

  it('is the same, byte for byte, when it is built again', async () => {
    const again = join(directory, 'again.tar');
    await buildOperatorImage(again, () => {});
    expect(await digest(again)).to.equal(await digest(archive));
  });

  it('adds to its base the programs, their licences and what they are made of, and nothing else', async () => {
    const root = await layer(-1);
    const native = /^app\/node_modules\/@koromix\/koffi-linux-/;
    const added = await files(root);
    expect(added.some(file => native.test(file) && file.endsWith('.node'))).to.equal(true);
    expect(added.filter(file => !native.test(file))).to.have.members([
      'app/LICENSE',
      'app/agent.js',
      'app/kubectl-seccomp.js',
      'app/kubectl-seccomp.js.LEGAL.txt',
      'app/operator.js',
      'app/operator.js.LEGAL.txt',
      'app/package.json',
      'app/sbom.spdx.json',
      'app/violations.js',
    ]);
  });

  it('has no shell, no npm and no package manager', async () => {
    const all = (await Promise.all([layer(0).then(files), layer(-1).then(files)])).flat();
    const programs = all.filter(path => /(^|\/)s?bin\//.test(path));
    expect(programs).to.deep.equal(['usr/bin/node']);
    expect(all.filter(path => /npm|apt|dpkg|busybox/.test(path))).to.deep.equal([]);
  });

  it('runs as a user who is not root unless it is told otherwise', async () => {
    const { config } = await blob<Manifest>(await digest(archive));
    const settings = (await blob<{ config: Record<string, unknown> }>(config.digest)).config;
    expect(settings['User']).to.equal('65532:65532');
    expect(settings['Cmd']).to.deep.equal(['node', '/app/operator.js']);
  });

  it('says of every package in its bundles which version it is', async () => {
    const sbom = JSON.parse(await readFile(join(await layer(-1), 'app/sbom.spdx.json'), 'utf8'));
    expect(sbom.spdxVersion).to.equal('SPDX-2.3');
    const packages = sbom.packages as {
      name: string;
      versionInfo: string;
      externalRefs: { referenceLocator: string }[];
    }[];
    const lock = JSON.parse(await readFile(join(import.meta.dirname, '../../package-lock.json'), 'utf8'));
    const client = packages.find(({ name }) => name === '@kubernetes/client-node');
    expect(client?.versionInfo).to.equal(lock.packages['node_modules/@kubernetes/client-node'].version);
    for (const { externalRefs } of packages) expect(externalRefs[0]?.referenceLocator).to.match(/^pkg:npm\/.+@\d/);
    expect(packages.map(({ name }) => name)).not.to.include('typescript');
  });
});
