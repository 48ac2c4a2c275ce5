import { existsSync, mkdirSync, readFileSync, readlinkSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const THEIRS = '{"defaultAction":"SCMP_ACT_LOG","architectures":["SCMP_ARCH_X86_64"]}';

describe('a node with the link of Security Profiles Operator', function () {
  this.timeout(120_000);
  let system: System;
  let link: string;
  let target: string;

  before(async function () {
    this.timeout(600_000);
    system = await System.start([]);
    const { kubeletRoot, files } = await system.addNode('node-a', { agent: false });
    target = join(kubeletRoot, 'security-profiles-operator');
    link = files;
    mkdirSync(target);
    writeFileSync(join(target, 'web.json'), THEIRS);
    mkdirSync(join(kubeletRoot, 'seccomp'));
    symlinkSync(target, link);
  });

  after(() => system?.stop());

  const message = async (name: string) => (await system.ready(name))?.message ?? '';
  const visible = () => readFileSync(join(link, 'web.json'), 'utf8');
  const apply = (name: string, spec: object) =>
    system.plane.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({ apiVersion: 'seccomp-operator.dev/v1alpha1', kind: 'SeccompProfile', metadata: { name }, spec }),
    );
  const synced = () =>
    system.plane.kubectl(['get', 'scn', 'node-a', '-o', 'jsonpath={.status.conditions[?(@.type=="Synced")].message}']);

  it('says so in every profile, and touches nothing', async () => {
    await system.startAgent('node-a');
    await apply('web', { defaultAction: 'SCMP_ACT_LOG' });
    await until('the status tells of the link', async () => (await message('web')).includes('replaceLink'));
    expect((await system.ready('web'))?.status).to.equal('False');
    expect(visible()).to.equal(THEIRS);
    await system.plane.kubectl(['delete', 'scp', 'web']);
  });

  it('stays theirs while there is no profile that could take the place of a file', async () => {
    await system.nodes.get('node-a')?.agent.stop();
    system.restartAgent('node-a', `--replace-link=${target}`);
    await until('the report says why', async () => (await synced()).includes('there is no profile yet'));
    expect(visible()).to.equal(THEIRS);
  });

  it('stays theirs while a profile is not installed', async () => {
    const inTheWay = join(link, '../seccomp-operator.dev/web.json');
    mkdirSync(inTheWay);
    await apply('web', { defaultAction: 'SCMP_ACT_LOG' });
    await apply('shop', { defaultAction: 'SCMP_ACT_ALLOW' });
    await until('the report says why', async () => (await synced()).includes('1 profiles are not installed'));
    expect(existsSync(join(link, '../seccomp-operator.dev/shop.json'))).to.equal(true);
    expect(existsSync(join(link, 'shop.json'))).to.equal(false);
    expect((await system.ready('shop'))?.status).to.equal('False');
    rmdirSync(inTheWay);
  });

  it('becomes ours once every profile is there, and only then is Ready', async () => {
    await system.untilReady('web');
    await system.untilReady('shop');
    expect(readlinkSync(link)).to.equal('seccomp-operator.dev');
    expect(JSON.parse(visible()).syscalls).to.have.lengthOf(1);
    expect(await synced()).to.equal('2 profiles on disk, verified');
  });

  it('stays ours when the setting is taken away', async () => {
    await system.nodes.get('node-a')?.agent.stop();
    system.restartAgent('node-a');
    await apply('late', { defaultAction: 'SCMP_ACT_LOG' });
    await system.untilReady('late');
    expect(existsSync(join(link, 'late.json'))).to.equal(true);
  });
});
