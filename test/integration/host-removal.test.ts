import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { removeEverything } from '../../src/host/removal.ts';
import { KubeletRoot } from '../support/host/kubelet-root.ts';

const TEXT = '{"defaultAction":"SCMP_ACT_ERRNO"}\n';
const AGENT = join(import.meta.dirname, '../../dist/agent.js');
const run = promisify(execFile);

describe('removing everything from a node', () => {
  let root: KubeletRoot;
  beforeEach(() => {
    root = new KubeletRoot();
  });
  afterEach(() => root.remove());

  const inSeccomp = () => readdirSync(join(root.path, 'seccomp'));
  const install = async (replaceLink = '') => {
    const directory = await root.open(replaceLink);
    await directory.install(new Map(['a.json', 'b.json'].map(name => [name, TEXT])));
    await directory.takePlace();
    await directory.close();
  };

  it('takes profiles, copies, litter and both directories', async () => {
    await install();
    writeFileSync(root.file('.tmp-7-1'), 'half');
    writeFileSync(root.copy('.tmp-7-2'), 'half');
    expect(await removeEverything(root.path)).to.deep.equal({ files: 2, left: [] });
    expect(inSeccomp()).to.deep.equal([]);
  });

  it('leaves what is not ours, and names it', async () => {
    await install();
    writeFileSync(root.file('foreign.json'), TEXT);
    expect(await removeEverything(root.path)).to.deep.equal({ files: 2, left: [root.file('foreign.json')] });
    expect(readdirSync(root.profiles)).to.deep.equal(['foreign.json']);
  });

  it('takes our own link and what it leads to', async () => {
    mkdirSync(join(root.path, 'seccomp'));
    symlinkSync('/var/lib/other', root.profiles);
    await install('/var/lib/other');
    expect((await removeEverything(root.path)).files).to.equal(2);
    expect(inSeccomp()).to.deep.equal([]);
  });

  it('leaves another operator’s link, and takes what was made ready beside it', async () => {
    mkdirSync(join(root.path, 'seccomp'));
    const target = join(root.path, 'other');
    mkdirSync(target);
    writeFileSync(join(target, 'a.json'), TEXT);
    symlinkSync(target, root.profiles);
    const directory = await root.open(target);
    await directory.install(new Map([['a.json', TEXT]]));
    await directory.close();
    expect((await removeEverything(root.path)).files).to.equal(1);
    expect(inSeccomp()).to.deep.equal(['operator']);
    expect(readFileSync(root.file('a.json'), 'utf8')).to.equal(TEXT);
  });

  it('touches nothing where nothing of ours ever was', async () => {
    expect(await removeEverything(root.path)).to.deep.equal({ files: 0, left: [] });
    expect(existsSync(join(root.path, 'seccomp'))).to.equal(false);
    mkdirSync(root.profiles, { recursive: true });
    writeFileSync(root.file('foreign.json'), TEXT);
    expect((await removeEverything(root.path)).left).to.deep.equal([root.file('foreign.json')]);
    expect(existsSync(root.file('foreign.json'))).to.equal(true);
  });

  it('is completed by another run where it was interrupted', async () => {
    await install();
    // As it is after the files went, and after the copies' directory went.
    for (const name of ['a.json', 'b.json']) {
      rmSync(root.file(name));
    }
    expect(await removeEverything(root.path)).to.deep.equal({ files: 0, left: [] });
    mkdirSync(root.profiles);
    await removeEverything(root.path);
    expect(inSeccomp()).to.deep.equal([]);
    rmdirSync(join(root.path, 'seccomp'));
    await removeEverything(root.path);
  });

  it('is a task of the agent, which ends well without an API server', async () => {
    await install();
    const { stderr } = await run(process.execPath, [
      AGENT,
      '--task=remove',
      '--node-name=a',
      `--kubelet-root=${root.path}`,
    ]);
    expect(JSON.parse(stderr)).to.deep.include({ level: 'info', removed: 2 });
    expect(inSeccomp()).to.deep.equal([]);
  });

  it('says what is wrong, and ends with 1, where it cannot', async () => {
    const missing = join(root.path, 'nowhere');
    const error = await run(process.execPath, [
      AGENT,
      '--task=remove',
      '--node-name=a',
      `--kubelet-root=${missing}`,
    ]).catch((reason: { code: number; stderr: string }) => reason);
    expect(error).to.have.property('code', 1);
    expect((error as { stderr: string }).stderr).to.include(`no kubelet directory at ${missing}`);
  });
});
