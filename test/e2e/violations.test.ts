import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { SeccompNode } from '../../src/core/api/seccomp-node.ts';
import type { SeccompProfile } from '../../src/core/api/seccomp-profile.ts';
import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../../src/core/names.ts';
import { Installation, type PodObject } from '../rig/cluster/installation.ts';
import { until } from '../rig/until.ts';
import { Pods } from '../support/pods.ts';

const IMAGE = 'seccomp-operator:v0.1.0';
/** Refuses it, in Audit mode. */
const AUDIT = {
  mode: 'Audit',
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
};
const KILL = {
  ...AUDIT,
  mode: 'Enforce',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_KILL_PROCESS' }],
};

describe('violations on two real nodes', function () {
  this.timeout(300_000);
  let system: Installation;
  let pods: Pods;

  before(async () => {
    system = await Installation.start({ hostNetwork: 'machine' });
    pods = new Pods(system);
    await system.countViolations();
  });
  after(() => system?.stop());

  const report = async (node: string) =>
    (await system.plane.get<SeccompNode>(`/apis/seccomp-operator.dev/v1alpha1/seccompnodes/${node}`)).status
      ?.violations;
  const violationsOf = async (name: string) =>
    (await system.plane.get<SeccompProfile>(`/apis/seccomp-operator.dev/v1alpha1/seccompprofiles/${name}`)).status
      ?.violations;
  const seen = (name: string) => until(`violations of ${name}`, () => violationsOf(name), { everyMs: 20 });
  const watcher = async (node: string): Promise<PodObject> => {
    const all = await system.pods(AGENT_NAMESPACE, 'app.kubernetes.io/component=violations');
    return all.find(({ spec }) => spec.nodeName === node) as PodObject;
  };
  const metrics = async (): Promise<string> => {
    const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/pods/${await system.leader()}:9180/proxy/metrics`;
    return system.kubectl(['get', '--raw', path]);
  };

  it('a call is told with its Pod, container and node', async () => {
    await system.profiles.install('audit', AUDIT);
    await pods.shell('web', 'sleep 3600', { profile: 'audit', node: 'node-2' });
    await pods.untilReady('web');
    await pods.exec('web', 'mkdir', '/tmp/made');
    const violations = await seen('audit');
    expect(violations.calls[0]).to.deep.include({
      action: 'SCMP_ACT_LOG',
      command: 'mkdir',
      pods: ['default/web/c'],
      nodes: ['node-2'],
    });
    expect(violations.calls[0]?.syscall).to.match(/^mkdir/);
    const lines = (await metrics()).split('\n');
    const series = lines.find(line => line.startsWith('seccomp_operator_violations_total{profile="audit"'));
    expect(series).to.match(/syscall="mkdir(at)?".*action="SCMP_ACT_LOG"} 1$/);
    expect(await system.kubectl(['get', 'scp', 'audit'])).to.match(/ VIOLATIONS .*\naudit .* 1 /);
  });

  it('is told by the one node, though both hear it', async () => {
    const { metadata } = await pods.get('web');
    const entries = async (node: string) =>
      ((await report(node))?.entries ?? []).filter(({ podUID }) => podUID === metadata.uid);
    expect(await entries('node-1')).to.deep.equal([]);
    expect(await entries('node-2')).to.have.length(1);
  });

  it('a container whose one process ends at the call is told too', async () => {
    await system.profiles.install('kill', KILL);
    await pods.create('killed', ['mkdir', '/tmp/made'], { profile: 'kill', node: 'node-1' });
    const [call] = (await seen('kill')).calls;
    expect(call).to.deep.include({ action: 'SCMP_ACT_KILL_PROCESS', pods: ['default/killed/c'], nodes: ['node-1'] });
  });

  it('every one of many processes that live a moment is attributed, or said to be missing', async () => {
    await system.profiles.install('many', AUDIT);
    const before = await report('node-1');
    const missed = async () => {
      const now = await report('node-1');
      const added = (key: 'lost' | 'unattributed') => (now?.[key] ?? 0) - (before?.[key] ?? 0);
      return added('lost') + added('unattributed');
    };
    const script = 'i=0; while [ $i -lt 200 ]; do mkdir /tmp/$i; i=$((i+1)); done; sleep 3600';
    await pods.shell('many', script, { profile: 'many', node: 'node-1' });
    const total = async () => (await violationsOf('many'))?.total ?? 0;
    await until(
      'all are told',
      async () => {
        const [counted, others] = [await total(), await missed()];
        if (counted + others < 200) throw new Error(`${counted} counted, ${others} missed`);
        return true;
      },
      { timeoutMs: 90_000 },
    );
    expect(await total()).to.be.at.most(200);
    // The machine has other things to do, and the kernel may drop an event or two meanwhile; each without its parent would be missing.
    expect(await missed()).to.be.at.most(20);
  });

  it('of as many records as a container can make in ten seconds all are counted or said to be lost, within the memory limit', async () => {
    await system.profiles.install('flood', AUDIT);
    const before = await report('node-2');
    const script = `
      const koffi = require('/app/node_modules/@koromix/koffi-linux-' + process.arch);
      const mkdir = koffi.load(null).func('int mkdir(const char *, unsigned int)');
      const from = performance.now();
      let calls = 0;
      for (let ms = 0; ms < 10_000; ms = performance.now() - from)
        if (calls < ms * 100) { mkdir('/', 0); calls++; }
      console.log(JSON.stringify({ calls, seconds: (performance.now() - from) / 1_000 }));
      setInterval(() => {}, 1_000_000);`;
    await pods.create('flood', ['node', '-e', script], { profile: 'flood', node: 'node-2', image: IMAGE });
    const { calls, seconds } = JSON.parse(
      await until('it has called', async () => (await pods.logs('flood')).trim() || undefined),
    );
    const added = (key: 'recorded' | 'lost' | 'unattributed', now = before) => (now?.[key] ?? 0) - (before?.[key] ?? 0);
    const after = await until(
      'all are in the report',
      async () => {
        const now = await report('node-2');
        return added('recorded', now) + added('lost', now) + added('unattributed', now) >= calls && now;
      },
      { timeoutMs: 90_000, everyMs: 500 },
    );
    console.log(
      `        ${calls} calls in ${seconds.toFixed(1)} s: ${added('recorded', after)} counted, ${added('lost', after)} lost`,
    );
    expect(added('recorded', after)).to.be.at.most(calls + 10);
    const { status } = await watcher('node-2');
    expect(status.containerStatuses?.[0]).to.include({ ready: true, restartCount: 0 });
  });

  describe('what reads the records', () => {
    it('is an ordinary user without a capability, a way to gain one, or a place to write to', async () => {
      const pid = await system.pid(await watcher('node-1'));
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      const field = (key: string) => status.match(new RegExp(`^${key}:[ \\t]*(.*)$`, 'm'))?.[1]?.trim();
      expect(field('Uid')?.split('\t')).to.deep.equal(Array(4).fill('65532'));
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) expect(field(set), set).to.equal('0000000000000000');
      // AUDIT_READ, SETUID and SETGID: what it started with, and nothing could add to.
      expect(field('CapBnd')).to.equal('00000020000000c0');
      expect([field('NoNewPrivs'), field('Seccomp')]).to.deep.equal(['1', '2']);
    });

    it('cannot do what it does not need', async () => {
      const { metadata } = await watcher('node-1');
      const script = `
        const { readFileSync, writeFileSync } = require('node:fs');
        const koffi = require('/app/node_modules/@koromix/koffi-linux-' + process.arch);
        const libc = koffi.load(null);
        const socket = libc.func('int socket(int, int, int)');
        const bind = libc.func('int bind(int, const void *, unsigned int)');
        const address = Buffer.alloc(12); address.writeUInt16LE(16, 0); address.writeUInt32LE(1, 8);
        process.setgroups([]); process.setgid(65532); process.setuid(65532);
        const tries = {
          kill: () => process.kill(1, 0),
          environment: () => readFileSync('/proc/1/environ'),
          write: () => writeFileSync('/app/x', ''),
          log: () => readFileSync('/dev/kmsg'),
          back: () => process.setuid(0),
          audit: () => { if (bind(socket(16, 3, 9), address, 12) < 0) throw { code: 'EPERM' }; },
        };
        const outcome = each => { try { each(); return 'done'; } catch ({ code }) { return code; } };
        console.log(JSON.stringify(Object.fromEntries(Object.entries(tries).map(([n, each]) => [n, outcome(each)]))));`;
      const said = await system.kubectl(['exec', '-n', AGENT_NAMESPACE, metadata.name, '--', 'node', '-e', script]);
      expect(JSON.parse(said)).to.deep.equal({
        kill: 'EPERM',
        environment: 'EACCES',
        write: 'EROFS',
        log: 'ENOENT',
        back: 'EPERM',
        audit: 'EPERM',
      });
    });
  });
});
