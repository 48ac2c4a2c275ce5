import { expect } from 'chai';
import type { ManagedProcess } from '../rig/process.ts';
import { System } from '../rig/system.ts';
import { until } from '../rig/until.ts';

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/seccomp-operator/leases/seccomp-operator';

describe('two replicas of the operator', function () {
  this.timeout(180_000);
  let system: System;
  let other: ManagedProcess;

  before(async function () {
    this.timeout(600_000);
    system = await System.start(['node-a']);
    await until('the first leads', () => leads(system.operator));
    other = await system.startReplica('operator-2');
    await until('the second waits', () => other.log().includes('waiting'));
  });

  after(async () => {
    await other?.stop();
    await system?.stop();
  });

  const leads = (replica: ManagedProcess) => replica.log().includes('following the cluster');
  const apply = (name: string, ...names: string[]) =>
    system.plane.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({
        apiVersion: 'seccomp-operator.dev/v1alpha1',
        kind: 'SeccompProfile',
        metadata: { name },
        spec: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }] },
      }),
    );
  const holder = async () => (await system.plane.get<{ spec: { holderIdentity: string } }>(LEASE)).spec.holderIdentity;

  it('hand over when the leader is killed, and lose nothing of what happened meanwhile', async () => {
    await apply('edited', 'mount');
    await apply('deleted', 'mount');
    await system.untilReady('edited');
    await system.untilReady('deleted');
    const dead = await holder();
    await system.operator.kill();
    await apply('edited', 'mount', 'umount2');
    await apply('made', 'mount');
    await system.plane.kubectl(['delete', 'scp', 'deleted', '--wait=false']);
    await until('the other leads', () => leads(other));
    expect(await holder()).not.to.equal(dead);
    await system.untilReady('edited');
    await system.untilReady('made');
    await until('what was deleted is gone', async () => {
      const names = await system.plane.kubectl(['get', 'scp', '-o', 'name']);
      return !names.includes('/deleted\n');
    });
  });

  it('hand over at once when the leader is asked to end', async () => {
    system.operator = await system.startReplica('operator-3');
    const third = system.operator;
    await until('the third waits', () => third.log().includes('waiting'));
    expect(leads(third)).to.equal(false);
    await other.stop();
    await apply('handed-over', 'mount');
    await system.untilReady('handed-over');
    expect(leads(third)).to.equal(true);
  });

  it('have one that works: the other does not write until it leads', async () => {
    other = await system.startReplica('operator-4');
    await until('it waits', () => other.log().includes('waiting'));
    await apply('by-one', 'mount');
    await system.untilReady('by-one');
    expect(other.log()).not.to.include('profile rendered');
    expect(system.operator.log()).to.include('"profile":"by-one"');
  });
});
