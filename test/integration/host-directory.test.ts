import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLog } from '../../src/core/log.ts';
import { digestOf } from '../../src/core/profile/digest.ts';
import { HostError } from '../../src/host/errors.ts';
import { type DirectoryChange, ProfileDirectory } from '../../src/host/profile-directory.ts';
import { KubeletRoot, oneFile } from '../support/host/kubelet-root.ts';

const TEXT = '{"defaultAction":"SCMP_ACT_ERRNO"}\n';
const OTHER = '{"defaultAction":"SCMP_ACT_LOG"}\n';

describe('the profile directory of a node', () => {
  let root: KubeletRoot;
  beforeEach(() => {
    root = new KubeletRoot();
  });
  afterEach(() => root.remove());

  describe('installing', () => {
    it('makes the directories and the file, readable by all, and no temporary file stays', async () => {
      const directory = await root.open();
      const results = await directory.install(oneFile('a.json', TEXT));
      expect(results.get('a.json')).to.deep.equal({ ok: true, wrote: true });
      expect(readFileSync(root.file('a.json'), 'utf8')).to.equal(TEXT);
      expect(lstatSync(root.file('a.json')).mode & 0o777).to.equal(0o644);
      expect(lstatSync(root.profiles).mode & 0o777).to.equal(0o755);
      expect(readdirSync(root.profiles).sort()).to.deep.equal(['.installed', 'a.json']);
      expect(readdirSync(join(root.profiles, '.installed'))).to.deep.equal(['a.json']);
      expect([...directory.installed()]).to.deep.equal([['a.json', digestOf(TEXT)]]);
    });

    it('leaves the disk untouched when opened again with the same profiles', async () => {
      const files = new Map(Array.from({ length: 20 }, (_, index) => [`p${index}.json`, `${TEXT}${index}`]));
      const first = await root.open();
      await first.install(files);
      await first.close();
      const before = stamps(root.path);

      const second = await root.open();
      expect(second.installed().size).to.equal(20);
      const results = await second.install(files);
      expect(await second.check()).to.deep.equal({ repaired: [], failed: new Map() });

      expect([...results.values()]).to.deep.equal(Array(20).fill({ ok: true, wrote: false }));
      expect(stamps(root.path)).to.deep.equal(before);
    });

    it('removes what a killed process was writing', async () => {
      await (await root.open()).close();
      writeFileSync(root.file('.tmp-7-1'), 'half');
      writeFileSync(root.copy('.tmp-7-2'), 'half');
      await root.open();
      expect(readdirSync(root.profiles)).to.deep.equal(['.installed']);
      expect(readdirSync(join(root.profiles, '.installed'))).to.deep.equal([]);
    });

    for (const name of ['../a.json', '.a.json', 'a', 'A.json', 'a/b.json', '', `${'a'.repeat(251)}.json`]) {
      it(`refuses ${JSON.stringify(name.slice(0, 12))} as a file name, and installs the others`, async () => {
        const directory = await root.open();
        const results = await directory.install(sameText(name, 'b.json'));
        expect(results.get(name)).to.deep.include({ ok: false, reason: 'InvalidName' });
        expect(results.get('b.json')).to.deep.equal({ ok: true, wrote: true });
        expect(existsSync(join(root.profiles, name || 'none'))).to.equal(false);
      });
    }
  });

  describe('something else in the place of a file', () => {
    const blockers: Record<string, (path: string) => void> = {
      directory: path => mkdirSync(path),
      FIFO: path => execFileSync('mkfifo', [path]),
      'symbolic link': path => symlinkSync('/etc/hostname', path),
      'broken symbolic link': path => symlinkSync('/nowhere', path),
    };
    for (const [kind, block] of Object.entries(blockers)) {
      it(`a ${kind} is left alone, does not fail other files, and heals when it is gone`, async () => {
        const directory = await root.open();
        block(root.file('a.json'));
        const before = lstatSync(root.file('a.json'), { bigint: true });

        const results = await directory.install(sameText('a.json', 'b.json'));
        expect(results.get('a.json')).to.deep.include({ ok: false, reason: 'NotARegularFile' });
        expect(results.get('b.json')).to.deep.equal({ ok: true, wrote: true });
        expect(lstatSync(root.file('a.json'), { bigint: true })).to.deep.equal(before);
        expect(existsSync(root.copy('a.json'))).to.equal(false);

        rmSync(root.file('a.json'), { recursive: true });
        expect((await directory.install(oneFile('a.json', TEXT))).get('a.json')).to.deep.include({ ok: true });
      });
    }

    it('a file of somebody else is left alone, also by remove', async () => {
      const directory = await root.open();
      writeFileSync(root.file('a.json'), OTHER);
      const result = (await directory.install(oneFile('a.json', TEXT))).get('a.json');
      expect(result).to.deep.include({ ok: false, reason: 'ForeignFile' });
      expect(result).to.have.property('message').that.includes(root.file('a.json')).and.includes('move it away');
      await directory.remove(['a.json']);
      expect(readFileSync(root.file('a.json'), 'utf8')).to.equal(OTHER);
    });

    it('a file with just the right bytes is taken over', async () => {
      const directory = await root.open();
      writeFileSync(root.file('a.json'), TEXT, { mode: 0o644 });
      const before = lstatSync(root.file('a.json')).ino;
      expect((await directory.install(oneFile('a.json', TEXT))).get('a.json')).to.deep.equal({
        ok: true,
        wrote: false,
      });
      expect(lstatSync(root.file('a.json')).ino).to.equal(before);
      await directory.remove(['a.json']);
      expect(existsSync(root.file('a.json'))).to.equal(false);
    });
  });

  describe('a file of ours that was altered', () => {
    const alterations: Record<string, () => void> = {
      'edited in place': () => writeFileSync(root.file('a.json'), OTHER),
      'replaced by rename': () => {
        writeFileSync(join(root.path, 'new'), OTHER);
        renameSync(join(root.path, 'new'), root.file('a.json'));
      },
      deleted: () => unlinkSync(root.file('a.json')),
      'made unreadable for others': () => chmodSync(root.file('a.json'), 0o600),
      'replaced by a symbolic link': () => {
        writeFileSync(join(root.path, 'victim'), OTHER);
        unlinkSync(root.file('a.json'));
        symlinkSync(join(root.path, 'victim'), root.file('a.json'));
      },
      'replaced by a hard link': () => {
        writeFileSync(join(root.path, 'victim'), OTHER);
        unlinkSync(root.file('a.json'));
        linkSync(join(root.path, 'victim'), root.file('a.json'));
      },
      'replaced by a FIFO': () => {
        unlinkSync(root.file('a.json'));
        execFileSync('mkfifo', [root.file('a.json')]);
      },
    };
    for (const [how, alter] of Object.entries(alterations)) {
      it(`${how}: noticed, and repaired from the copy`, async () => {
        const directory = await root.open();
        await directory.install(sameText('a.json', 'b.json'));
        const next = changesOf(directory);
        alter();
        expect(await next()).to.deep.equal({ fileNames: new Set(['a.json']) });
        expect(await directory.check(['a.json'])).to.deep.equal({ repaired: ['a.json'], failed: new Map() });

        const now = lstatSync(root.file('a.json'));
        expect(now.isFile() && now.nlink).to.equal(1);
        expect(now.mode & 0o777).to.equal(0o644);
        expect(readFileSync(root.file('a.json'), 'utf8')).to.equal(TEXT);
        if (existsSync(join(root.path, 'victim'))) {
          expect(readFileSync(join(root.path, 'victim'), 'utf8')).to.equal(OTHER);
        }
      });
    }

    it('is repaired after a restart, without being told the text again', async () => {
      const first = await root.open();
      await first.install(sameText('a.json', 'b.json'));
      await first.close();
      writeFileSync(root.file('a.json'), OTHER);
      const second = await root.open();
      expect([...second.installed().keys()]).to.deep.equal(['b.json']);
      expect([...second.suspect()]).to.deep.equal(['a.json']);
      expect([...second.owned()].sort()).to.deep.equal(['a.json', 'b.json']);
      expect((await second.check(second.suspect())).repaired).to.deep.equal(['a.json']);
      expect(readFileSync(root.file('a.json'), 'utf8')).to.equal(TEXT);
    });

    it('with a second name, by which it can be altered unnoticed: replaced by the next check of all', async () => {
      const directory = await root.open();
      await directory.install(oneFile('a.json', TEXT));
      linkSync(root.file('a.json'), join(root.path, 'second'));
      expect((await directory.check()).repaired).to.deep.equal(['a.json']);
      writeFileSync(join(root.path, 'second'), OTHER);
      expect(readFileSync(root.file('a.json'), 'utf8')).to.equal(TEXT);
    });

    it('replaced by a directory: reported, left alone', async () => {
      const directory = await root.open();
      await directory.install(oneFile('a.json', TEXT));
      unlinkSync(root.file('a.json'));
      mkdirSync(root.file('a.json'));
      const { failed } = await directory.check();
      expect(failed.get('a.json')).to.deep.include({ reason: 'NotARegularFile' });
      expect(directory.installed().size).to.equal(0);
      rmSync(root.file('a.json'), { recursive: true });
      expect((await directory.check()).repaired).to.deep.equal(['a.json']);
    });

    it('whose copy is torn: stays ours, is written by the next install', async () => {
      const first = await root.open();
      await first.install(oneFile('a.json', TEXT));
      await first.close();
      writeFileSync(root.copy('a.json'), readFileSync(root.copy('a.json')).subarray(0, 80));
      writeFileSync(root.file('a.json'), OTHER);
      const second = await root.open();
      expect((await second.check()).failed.get('a.json')).to.deep.include({ reason: 'VerifyFailed' });
      expect(readFileSync(root.file('a.json'), 'utf8')).to.equal(OTHER);
      expect((await second.install(oneFile('a.json', TEXT))).get('a.json')).to.deep.equal({ ok: true, wrote: true });
      expect(await second.check()).to.deep.equal({ repaired: [], failed: new Map() });
    });

    it('whose copy alone was altered: the copy is made again, and the file stays', async () => {
      const directory = await root.open();
      await directory.install(oneFile('a.json', TEXT));
      const before = readFileSync(root.copy('a.json'), 'utf8');
      writeFileSync(root.copy('a.json'), `${digestOf(OTHER)}\n${OTHER}`);
      expect(await directory.check()).to.deep.equal({ repaired: [], failed: new Map() });
      expect(readFileSync(root.file('a.json'), 'utf8')).to.equal(TEXT);
      expect(readFileSync(root.copy('a.json'), 'utf8')).to.equal(before);
    });

    it('whose copy was deleted or altered: noticed at once, and made again', async () => {
      const directory = await root.open();
      await directory.install(oneFile('a.json', TEXT));
      const before = readFileSync(root.copy('a.json'), 'utf8');
      const next = changesOf(directory);
      for (const harm of [() => unlinkSync(root.copy('a.json')), () => writeFileSync(root.copy('a.json'), 'damaged')]) {
        harm();
        expect(await next()).to.deep.equal({ fileNames: new Set(['a.json']) });
        await directory.check(['a.json']);
        expect(readFileSync(root.copy('a.json'), 'utf8')).to.equal(before);
      }
    });

    it('whose copy was deleted: the copy is made again', async () => {
      const directory = await root.open();
      await directory.install(oneFile('a.json', TEXT));
      const before = readFileSync(root.copy('a.json'), 'utf8');
      unlinkSync(root.copy('a.json'));
      expect(await directory.check()).to.deep.equal({ repaired: [], failed: new Map() });
      expect(readFileSync(root.copy('a.json'), 'utf8')).to.equal(before);
    });
  });

  describe('removing', () => {
    it('takes the file and its copy; already gone and never there are fine', async () => {
      const directory = await root.open();
      await directory.install(sameText('a.json', 'b.json', 'c.json'));
      unlinkSync(root.file('b.json'));
      const results = await directory.remove(['a.json', 'b.json', 'never.json']);
      expect([...results.values()].every(result => result.ok)).to.equal(true);
      expect(readdirSync(root.profiles).sort()).to.deep.equal(['.installed', 'c.json']);
      expect(readdirSync(join(root.profiles, '.installed'))).to.deep.equal(['c.json']);
      expect([...directory.owned()]).to.deep.equal(['c.json']);
    });
  });

  describe('removing that stops half-way', () => {
    it('says that the file is not installed, keeps it ours, and is completed by the next', async () => {
      const directory = await root.open();
      await directory.install(oneFile('a.json', TEXT));
      unlinkSync(root.copy('a.json'));
      mkdirSync(root.copy('a.json'));
      expect((await directory.remove(['a.json'])).get('a.json')).to.deep.include({ ok: false });
      expect(directory.installed().size).to.equal(0);
      expect([...directory.owned()]).to.deep.equal(['a.json']);
      rmSync(root.copy('a.json'), { recursive: true });
      expect((await directory.remove(['a.json'])).get('a.json')).to.deep.equal({ ok: true, wrote: false });
      expect([...directory.owned()]).to.deep.equal([]);
    });
  });

  describe('watching', () => {
    it('does not report our own writes', async () => {
      const directory = await root.open();
      const next = changesOf(directory);
      await directory.install(oneFile('a.json', TEXT));
      await directory.install(oneFile('a.json', OTHER));
      writeFileSync(root.file('foreign.json'), TEXT);
      expect(await next()).to.deep.equal({ fileNames: new Set(['foreign.json']) });
    });

    it('reports that what blocked a file is gone', async () => {
      const directory = await root.open();
      mkdirSync(root.file('a.json'));
      const next = changesOf(directory);
      rmSync(root.file('a.json'), { recursive: true });
      expect(await next()).to.deep.equal({ fileNames: new Set(['a.json']) });
    });

    const moves: Record<string, () => void> = {
      'was deleted': () => rmSync(root.profiles, { recursive: true }),
      'was moved': () => renameSync(root.profiles, join(root.path, 'elsewhere')),
      'was replaced': () => {
        renameSync(root.profiles, join(root.path, 'elsewhere'));
        mkdirSync(root.profiles);
      },
      'lost the copies': () => rmSync(join(root.profiles, '.installed'), { recursive: true }),
      'went with the seccomp directory': () => renameSync(join(root.path, 'seccomp'), join(root.path, 'elsewhere')),
    };
    for (const [what, move] of Object.entries(moves)) {
      it(`reports a directory that ${what}; opened again, it works`, async () => {
        const directory = await root.open();
        await directory.install(oneFile('a.json', TEXT));
        const next = changesOf(directory);
        move();
        let change = await next();
        while (change !== 'directory') change = await next();
        const late = (await directory.install(oneFile('a.json', OTHER))).get('a.json');
        expect(late).to.deep.include({ ok: false, reason: 'DirectoryMissing' });

        const again = await root.open();
        expect((await again.install(oneFile('a.json', TEXT))).get('a.json')).to.deep.include({ ok: true });
        expect(readFileSync(root.file('a.json'), 'utf8')).to.equal(TEXT);
      });
    }
  });

  describe('a kubelet root that was replaced', () => {
    it('whose private copies were removed: what was installed stays ours, what another wrote since does not', async () => {
      const first = await root.open();
      await first.install(
        new Map([
          ['a.json', TEXT],
          ['b.json', TEXT],
        ]),
      );
      rmSync(join(root.profiles, '.installed'), { recursive: true });
      writeFileSync(root.file('b.json'), OTHER);

      const second = await root.open('', first.installed());
      expect(readFileSync(root.copy('a.json'), 'utf8')).to.include(TEXT);
      const results = await second.install(
        new Map([
          ['a.json', OTHER],
          ['b.json', TEXT],
        ]),
      );
      expect(results.get('a.json')).to.deep.equal({ ok: true, wrote: true });
      expect(results.get('b.json')).to.include({ ok: false, reason: 'ForeignFile' });
      expect(readFileSync(root.file('b.json'), 'utf8')).to.equal(OTHER);
    });

    it('is noticed, and nothing is called installed that its path does not lead to', async () => {
      const kubeletRoot = join(root.path, 'kubelet');
      mkdirSync(kubeletRoot);
      const directory = await ProfileDirectory.open({ kubeletRoot, log: silentLog });
      const next = changesOf(directory);
      renameSync(kubeletRoot, join(root.path, 'elsewhere'));
      mkdirSync(kubeletRoot);
      expect(await next()).to.equal('directory');
      const late = (await directory.install(oneFile('a.json', TEXT))).get('a.json');
      expect(late).to.deep.include({ ok: false, reason: 'DirectoryMissing' });
      await directory.close();
    });

    it('is noticed by a check where no event told of it', async () => {
      const kubeletRoot = join(root.path, 'parent', 'kubelet');
      mkdirSync(kubeletRoot, { recursive: true });
      const directory = await ProfileDirectory.open({ kubeletRoot, log: silentLog });
      const seen: DirectoryChange[] = [];
      directory.watch(change => seen.push(change));
      // inotify(7) tells nothing of a rename two levels up.
      renameSync(join(root.path, 'parent'), join(root.path, 'elsewhere'));
      await directory.check();
      await directory.check();
      expect(seen).to.deep.equal(['directory']);
      await directory.close();
    });
  });

  describe('a directory that is not ours', () => {
    it("is refused where it is Security Profiles Operator's link, and nothing is touched", async () => {
      const target = join(root.path, 'security-profiles-operator');
      mkdirSync(target);
      mkdirSync(join(root.path, 'seccomp'));
      symlinkSync(target, root.profiles);
      const before = stamps(root.path);
      const error = await failure(root.open());
      expect(error.reason).to.equal('DirectoryForeign');
      expect(error.message).to.include(target).and.to.include('replaceLink');
      expect(readlinkSync(root.profiles)).to.equal(target);
      expect(stamps(root.path)).to.deep.equal(before);
    });

    it('is refused where it is a file', async () => {
      mkdirSync(join(root.path, 'seccomp'));
      writeFileSync(root.profiles, '');
      expect((await failure(root.open())).reason).to.equal('DirectoryForeign');
    });

    it('does not exist without a kubelet root, which is not made', async () => {
      const kubeletRoot = join(root.path, 'typo');
      const error = await failure(ProfileDirectory.open({ kubeletRoot, log: silentLog }));
      expect(error.reason).to.equal('DirectoryMissing');
      expect(error.message).to.include(kubeletRoot).and.to.include('--kubelet-root');
      expect(existsSync(kubeletRoot)).to.equal(false);
    });
  });
});

function sameText(...names: string[]): Map<string, string> {
  return new Map(names.map(name => [name, TEXT]));
}

async function failure(opening: Promise<unknown>): Promise<HostError> {
  const error = await opening.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(HostError);
  return error as HostError;
}

/** Starts to watch; each call waits for the next change. */
function changesOf(directory: ProfileDirectory): () => Promise<DirectoryChange> {
  const changes: DirectoryChange[] = [];
  let wake = () => {};
  directory.watch(change => {
    changes.push(change);
    wake();
  });
  return async () => {
    while (changes.length === 0) {
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
    return changes.shift() as DirectoryChange;
  };
}

/** Inode and times of everything below a directory: any write, rename or removal shows. */
function stamps(path: string): string[] {
  return ['.', ...(readdirSync(path, { recursive: true }) as string[])].sort().map(name => {
    const { ino, mtimeNs, ctimeNs } = lstatSync(join(path, name), { bigint: true });
    return `${name} ${ino} ${mtimeNs} ${ctimeNs}`;
  });
}
