import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { HostError } from '../../src/host/errors.ts';
import type { ProfileDirectory } from '../../src/host/profile-directory.ts';
import { KubeletRoot, oneFile } from '../support/host/kubelet-root.ts';
import type { Readings } from '../support/host/reader.ts';
import { FILE_NAMES, textOf } from '../support/host/versions.ts';

/**
 * Security Profiles Operator 1.0.0 on a node: its init container makes `seccomp/operator` a link to a directory of its own
 * unless something is there, and its daemon writes and removes files in that directory, by another mount.
 */
class Spo {
  readonly root: KubeletRoot;
  readonly directory: string;

  constructor(root: KubeletRoot) {
    this.root = root;
    this.directory = join(root.path, 'security-profiles-operator');
  }

  initialise(): void {
    mkdirSync(join(this.root.path, 'seccomp'), { recursive: true });
    mkdirSync(this.directory, { recursive: true, mode: 0o744 });
    if (lstatSync(this.root.profiles, { throwIfNoEntry: false })) return;
    symlinkSync(this.directory, this.root.profiles);
  }

  save(name: string, content: string): void {
    writeFileSync(join(this.directory, name), content);
  }

  remove(name: string): void {
    rmSync(join(this.directory, name));
  }
}

describe('a node that Security Profiles Operator has, too', () => {
  let root: KubeletRoot;
  let spo: Spo;
  const ours = (version: number) => new Map(FILE_NAMES.map(name => [name, textOf(version)]));
  const visible = (name: string) => readFileSync(root.file(name), 'utf8');

  beforeEach(() => {
    root = new KubeletRoot();
    spo = new Spo(root);
    spo.initialise();
    for (const name of FILE_NAMES) spo.save(name, textOf(1));
  });
  afterEach(() => root.remove());

  async function ready(): Promise<ProfileDirectory> {
    const directory = await root.open(spo.directory);
    await directory.install(ours(2));
    return directory;
  }

  it('hands over while a container runtime reads: no file is ever missing or torn', async () => {
    const reader = spawn(process.execPath, [join(import.meta.dirname, '../support/host/reader.ts'), root.profiles]);
    const readings = text(reader.stdout);
    await once(reader, 'spawn');
    for (let round = 0; round < 300; round++) {
      const directory = await ready();
      expect(directory.isVisible).to.equal(false);
      expect(visible('a.json')).to.equal(textOf(1));
      await directory.takePlace();
      expect(directory.isVisible).to.equal(true);
      expect(visible('a.json')).to.equal(textOf(2));
      await directory.close();
      // Back again, as docs/migrate-from-spo.md says: a link of theirs over ours.
      symlinkSync(spo.directory, join(root.path, 'seccomp/back'));
      renameSync(join(root.path, 'seccomp/back'), root.profiles);
    }
    reader.stdin.end();
    await once(reader, 'exit');
    const { wrong, reads, versions } = JSON.parse(await readings) as Readings;
    expect(wrong).to.deep.equal([]);
    expect(reads).to.be.greaterThan(100);
    expect(versions).to.equal(2);
  }).timeout(60_000);

  it('is left alone until then, and theirs is never written to', async () => {
    const before = readdirSync(spo.directory).map(
      name => lstatSync(join(spo.directory, name), { bigint: true }).ctimeNs,
    );
    const directory = await ready();
    await directory.check();
    await directory.takePlace();
    await directory.remove(FILE_NAMES);
    const after = readdirSync(spo.directory).map(
      name => lstatSync(join(spo.directory, name), { bigint: true }).ctimeNs,
    );
    expect(after).to.deep.equal(before);
  });

  it('shows ours from then on, whatever the other one does', async () => {
    const directory = await ready();
    await directory.takePlace();
    spo.initialise();
    spo.save('a.json', textOf(5));
    spo.remove('b.json');
    for (const name of FILE_NAMES) expect(visible(name)).to.equal(textOf(2));
    expect(await directory.check()).to.deep.equal({ repaired: [], failed: new Map() });
    await directory.install(ours(3));
    expect(visible('a.json')).to.equal(textOf(3));
  });

  it('stays as it is over restarts, whether the setting is still there or not', async () => {
    await (await ready()).takePlace();
    for (const setting of [spo.directory, '']) {
      const again = await root.open(setting);
      expect(again.isVisible).to.equal(true);
      expect(again.installed().size).to.equal(FILE_NAMES.length);
      await again.takePlace();
      expect(readlinkSync(root.profiles)).to.equal('seccomp-operator.dev');
    }
  });

  it('is taken where an agent was killed half-way', async () => {
    await (await ready()).close();
    symlinkSync('anything', join(root.path, 'seccomp/.seccomp-operator.dev.link'));
    const again = await root.open(spo.directory);
    expect(again.installed().size).to.equal(FILE_NAMES.length);
    await again.takePlace();
    expect(readdirSync(join(root.path, 'seccomp')).sort()).to.deep.equal(['operator', 'seccomp-operator.dev']);
  });

  it('is taken where somebody has removed the link by hand meanwhile', async () => {
    await (await ready()).close();
    rmSync(root.profiles);
    const again = await root.open();
    expect(again.isVisible).to.equal(false);
    await again.takePlace();
    expect(visible('a.json')).to.equal(textOf(2));
  });

  it('is refused where the link says anything else, also when that changes at the last moment', async () => {
    const error = await root.open('/var/lib/another').catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(HostError).with.property('reason', 'DirectoryForeign');
    const directory = await ready();
    rmSync(root.profiles);
    symlinkSync('/somewhere/else', root.profiles);
    const late = await directory.takePlace().catch((thrown: unknown) => thrown);
    expect(late).to.be.instanceOf(HostError).with.property('reason', 'DirectoryMissing');
    expect(readlinkSync(root.profiles)).to.equal('/somewhere/else');
  });

  it('reports to its agent that somebody has put another link', async () => {
    const directory = await ready();
    await directory.takePlace();
    const told = new Promise(resolve => directory.watch(resolve));
    symlinkSync(spo.directory, join(root.path, 'seccomp/back'));
    renameSync(join(root.path, 'seccomp/back'), root.profiles);
    expect(await told).to.equal('directory');
  });

  it('where ours came first, the other one makes no link, and its files are in nobody’s way', async () => {
    rmSync(root.profiles);
    const directory = await root.open();
    await directory.install(oneFile('a.json', textOf(2)));
    spo.initialise();
    spo.save('a.json', textOf(7));
    expect(lstatSync(root.profiles).isDirectory()).to.equal(true);
    expect(visible('a.json')).to.equal(textOf(2));
  });
});
