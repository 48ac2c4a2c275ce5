import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { digestOf } from '../../src/core/profile/digest.ts';
import { FailingDisk, OPERATIONS } from '../chaos/system/disk.ts';
import { KubeletRoot, oneFile } from '../support/host/kubelet-root.ts';

const OLD = '{"old":1}\n';
// Several writes, so that a part of them shows.
const NEW = `{"new":"${'x'.repeat(300_000)}"}\n`;

describe('a disk of a node that gives EIO', function () {
  // The file system is built before the first of them.
  this.timeout(180_000);
  let root: KubeletRoot;
  let disk: FailingDisk;
  beforeEach(async () => {
    root = new KubeletRoot();
    disk = await FailingDisk.mount(root.path, () => {});
  });
  afterEach(async () => {
    await disk?.release();
    await root.remove();
    if (disk) rmSync(disk.backing, { recursive: true });
  });

  for (const operation of OPERATIONS)
    it(`for ${operation}: the file is the old or the new one as a whole, and nothing is left once it works again`, async () => {
      const directory = await root.open();
      await directory.install(oneFile('a.json', OLD));
      const onDisk = () => readFileSync(join(disk.backing, 'seccomp/operator/a.json'), 'utf8');

      // What was being written cannot be removed either.
      await disk.fail([operation, 'unlink']);
      const result = (await directory.install(oneFile('a.json', NEW))).get('a.json');
      expect(onDisk()).to.be.oneOf([OLD, NEW]);
      if (result?.ok) expect(onDisk()).to.equal(NEW);

      await disk.fail([]);
      expect((await directory.install(oneFile('a.json', NEW))).get('a.json')?.ok).to.equal(true);
      expect(onDisk()).to.equal(NEW);
      expect(directory.installed().get('a.json')).to.equal(digestOf(NEW));
      const names = readdirSync(disk.backing, { recursive: true }) as string[];
      expect(names.filter(name => name.includes('.tmp-'))).to.deep.equal([]);
    });

  it('for a private copy that somebody removed: it is made again with the next install, though the file is right', async () => {
    const directory = await root.open();
    await directory.install(oneFile('a.json', OLD));
    const copy = join(disk.backing, 'seccomp/operator/.installed/a.json');
    await disk.fail(['create']);
    rmSync(copy);
    const { failed } = await directory.check(['a.json']);
    expect([...failed.keys()]).to.deep.equal(['a.json']);

    await disk.fail([]);
    expect((await directory.install(oneFile('a.json', OLD))).get('a.json')?.ok).to.equal(true);
    expect(readFileSync(copy, 'utf8')).to.contain(OLD);
  });
});
