import { existsSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { digestOf } from '../../src/core/profile/digest.ts';
import { HostError, type HostFailureReason } from '../../src/host/errors.ts';
import { KubeletRoot, oneFile } from '../support/host/kubelet-root.ts';
import { Tmpfs } from '../support/host/tmpfs.ts';

const OLD = '{"old":1}\n';
// Three pages, so that a full disk shows.
const NEW = `{"new":"${'x'.repeat(10_000)}"}\n`;

interface Trouble {
  reason: HostFailureReason;
  cause(disk: Tmpfs, root: KubeletRoot): void;
  end(disk: Tmpfs, root: KubeletRoot): void;
}

const troubles: Record<string, Trouble> = {
  'a full disk': { reason: 'DiskFull', cause: disk => disk.fill(), end: disk => disk.free() },
  'a disk without free inodes': {
    reason: 'DiskFull',
    cause: (_, root) => takeInodes(root.path),
    end: (_, root) => freeInodes(root.path),
  },
  'a read-only file system': {
    reason: 'ReadOnlyFilesystem',
    cause: disk => disk.remount('ro'),
    end: disk => disk.remount('rw'),
  },
};

describe('trouble with the disk of a node', () => {
  let root: KubeletRoot;
  let disk: Tmpfs;
  beforeEach(() => {
    root = new KubeletRoot();
    disk = new Tmpfs(root.path, 'size=256k,nr_inodes=40');
  });
  afterEach(async () => {
    // None where it could not be mounted.
    disk?.unmount();
    await root.remove();
  });

  for (const [name, trouble] of Object.entries(troubles)) {
    it(`${name}: the last good file stays, the reason says why, and it heals`, async () => {
      const directory = await root.open();
      await directory.install(oneFile('a.json', OLD));

      trouble.cause(disk, root);
      const results = await directory.install(
        new Map([
          ['a.json', NEW],
          ['b.json', NEW],
        ]),
      );
      for (const fileName of ['a.json', 'b.json']) {
        const result = results.get(fileName);
        expect(result).to.deep.include({ ok: false, reason: trouble.reason });
        expect(result).to.have.property('message').that.includes(root.file(fileName)).and.has.length.at.most(256);
      }
      expect(readFileSync(root.file('a.json'), 'utf8')).to.equal(OLD);
      expect(directory.installed().get('a.json')).to.equal(digestOf(OLD));
      expect(existsSync(root.file('b.json'))).to.equal(false);
      expect(temporaries(root)).to.deep.equal([]);

      trouble.end(disk, root);
      await directory.install(
        new Map([
          ['a.json', NEW],
          ['b.json', NEW],
        ]),
      );
      for (const fileName of ['a.json', 'b.json']) {
        expect(readFileSync(root.file(fileName), 'utf8')).to.equal(NEW);
        expect(directory.installed().get(fileName)).to.equal(digestOf(NEW));
      }
    });
  }

  it('a read-only file system: what is installed is known after a restart', async () => {
    const first = await root.open();
    await first.install(oneFile('a.json', OLD));
    await first.close();
    disk.remount('ro');
    const second = await root.open();
    expect(second.installed().get('a.json')).to.equal(digestOf(OLD));
    expect((await second.install(oneFile('a.json', OLD))).get('a.json')).to.deep.equal({ ok: true, wrote: false });
  });

  it('a read-only file system without our directory: said when opening', async () => {
    disk.remount('ro');
    const error = await root.open().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(HostError).with.property('reason', 'ReadOnlyFilesystem');
  });
});

function takeInodes(path: string): void {
  try {
    for (let index = 0; ; index++) writeFileSync(join(path, `inode-${index}`), '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function freeInodes(path: string): void {
  for (const name of readdirSync(path)) if (name.startsWith('inode-')) unlinkSync(join(path, name));
}

function temporaries(root: KubeletRoot): string[] {
  return (readdirSync(root.profiles, { recursive: true }) as string[]).filter(name => name.includes('.tmp-'));
}
