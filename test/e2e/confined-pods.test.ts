import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import type { SeccompProfileSpec } from '../../src/core/api/seccomp-profile.ts';
import type { SeccompRecord } from '../../src/core/audit/record.ts';
import { AuditSocket } from '../../src/host/netlink/audit-socket.ts';
import { loadLibc } from '../../src/host/netlink/libc.ts';
import { Installation } from '../rig/cluster/installation.ts';
import { until } from '../rig/until.ts';
import { Pods } from '../support/pods.ts';

const SEED = join(import.meta.dirname, '../../examples/seed.yaml');

const MKDIR = ['mkdir', 'mkdirat'];
const ruleFor = (names: readonly string[], action: string, more: object = {}) => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names, action, ...more }],
});

describe('Pods under profiles, on real nodes', function () {
  this.timeout(300_000);
  let system: Installation;
  let pods: Pods;
  before(async () => {
    system = await Installation.start({ nodes: 1 });
    pods = new Pods(system);
  });
  after(() => system?.stop());

  describe('a refused call', () => {
    const script = 'mkdir /tmp/made; echo $?; grep Seccomp: /proc/self/status';

    it('fails with EPERM under SCMP_ACT_ERRNO, and the program goes on', async () => {
      await system.profiles.install('refuse', ruleFor(MKDIR, 'SCMP_ACT_ERRNO'));
      const { exitCode, output } = await pods.run('refuse', script, { profile: 'refuse' });
      expect(output).to.include("can't create directory '/tmp/made': Operation not permitted\n1\n");
      expect(output).to.match(/Seccomp:\s+2/);
      expect(exitCode).to.equal(0);
    });

    it('fails with the errno that the profile names', async () => {
      await system.profiles.install('enosys', ruleFor(MKDIR, 'SCMP_ACT_ERRNO', { errnoRet: 38 }));
      const { output } = await pods.run('enosys', script, { profile: 'enosys' });
      expect(output).to.include('Function not implemented');
    });

    it('is made under SCMP_ACT_LOG, and the kernel has a record of it', async () => {
      const records: SeccompRecord[] = [];
      const socket = new AuditSocket(await loadLibc());
      try {
        socket.listen(() =>
          socket.receive(
            record => records.push(record),
            () => {},
          ),
        );
        await system.profiles.install('log', ruleFor(MKDIR, 'SCMP_ACT_LOG'));
        const { output } = await pods.run('log', `exec 2>&1; ${script}; ls -d /tmp/made`, { profile: 'log' });
        expect(output).to.include('/tmp/made');
        const [made] = await until('the record', () => {
          const found = records.filter(({ comm, exe }) => comm === 'mkdir' && exe === '/usr/bin/busybox');
          return found.length > 0 && found;
        });
        expect(made?.syscall).to.be.oneOf([83, 258]);
        expect(made?.code).to.equal(0x7ffc0000);
      } finally {
        socket.close();
      }
    });

    it('ends the process that makes it under SCMP_ACT_KILL_PROCESS', async () => {
      await system.profiles.install('kill', ruleFor(MKDIR, 'SCMP_ACT_KILL_PROCESS'));
      const inChild = await pods.run('kill-child', script, { profile: 'kill' });
      // 128 + SIGSYS.
      expect(inChild.output).to.include('159\n');
      const inFirst = await pods.run('kill-first', 'exec mkdir /tmp/made', { profile: 'kill' });
      expect(inFirst.exitCode).to.equal(159);
    });
  });

  it('keep the filter they started with when the profile is edited; new ones get the new one', async () => {
    const script = 'while sleep 0.2; do mkdir /tmp/x 2>&1 && rmdir /tmp/x && echo made; done';
    await system.profiles.install('edited', ruleFor(['swapon'], 'SCMP_ACT_ERRNO'));
    await pods.shell('old', script, { profile: 'edited' });
    await pods.untilReady('old');
    await system.profiles.install('edited', ruleFor(['swapon', ...MKDIR], 'SCMP_ACT_ERRNO'));
    await pods.shell('new', script, { profile: 'edited' });
    await until('the new one is refused', async () => (await pods.logs('new')).includes('Operation not permitted'));
    expect(await pods.logs('new')).not.to.include('made');
    const seen = (await pods.logs('old')).length;
    const later = await until('the old one has gone on', async () => {
      const text = await pods.logs('old');
      return text.length > seen + 20 && text;
    });
    expect(later).to.match(/^(made\n)+$/);
  });

  it('that came before their profile start by themselves once it is there', async () => {
    await pods.shell('early', 'sleep 1000', { profile: 'late' });
    const { reason, message } = await pods.untilRefused('early');
    expect(reason).to.equal('CreateContainerError');
    expect(message).to.include('/seccomp/operator/late.json').and.to.include('no such file or directory');
    await system.profiles.install('late', ruleFor(['swapon'], 'SCMP_ACT_ERRNO'));
    await pods.untilReady('early');
  });

  describe('the seed profile', () => {
    const starting = /^(cannot|may-not)-start$/;
    let seed: SeccompProfileSpec;
    /** The calls that its status says are missing, from "Allow a, b." */
    let missing: string[];
    before(async () => {
      seed = parse(await readFile(SEED, 'utf8')).spec;
      await system.profiles.install('seed', seed);
      const { warnings } = await until('the warnings', async () => {
        const { status } = await system.profiles.get('seed');
        return status?.warnings?.length ? { warnings: status.warnings } : undefined;
      });
      expect(warnings[0]).to.include({ rule: 'cannot-start', severity: 'Error' });
      const messages = warnings.filter(({ rule }) => starting.test(rule)).map(({ message }) => message);
      missing = [...new Set(messages.flatMap(message => /Allow ([\w, ]+)/.exec(message)?.[1]?.split(', ') ?? []))];
      const syscalls = [...(seed.syscalls ?? []), { names: missing, action: 'SCMP_ACT_ALLOW' }];
      await system.profiles.install('repaired', { ...seed, syscalls });
    });

    const settings = { usual: {}, confined: { allowPrivilegeEscalation: false } };
    for (const [name, securityContext] of Object.entries(settings)) {
      it(`starts no ${name} Pod, as its warnings say`, async () => {
        await pods.shell(`seed-${name}`, 'echo started', { profile: 'seed', securityContext });
        const { reason } = await pods.untilRefused(`seed-${name}`);
        expect(reason).to.be.oneOf(['StartError', 'RunContainerError', 'CreateContainerError']);
      });

      it(`with the calls that its warnings name starts a ${name} Pod, and refuses it others`, async () => {
        const script = 'echo started; ln -s target /tmp/link 2>&1 && echo linked';
        const confined = await pods.run(`repaired-${name}`, script, { profile: 'repaired', securityContext });
        expect(confined.output).to.equal('started\nln: /tmp/link: Operation not permitted\n');
        expect((await pods.run(`free-${name}`, script)).output).to.equal('started\nlinked\n');
      });
    }

    it('has no warning about starting any more with these calls', async () => {
      const { warnings = [] } = (await system.profiles.get('repaired')).status ?? {};
      expect(warnings.filter(({ rule }) => starting.test(rule))).to.deep.equal([]);
    });
  });
});
