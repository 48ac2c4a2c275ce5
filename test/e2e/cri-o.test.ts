import { expect } from 'chai';
import { Installation } from '../rig/cluster/installation.ts';
import { until } from '../rig/until.ts';
import { Pods } from '../support/pods.ts';

/** 2^64 - 1, which no JavaScript number holds. */
const ALL_BITS = '18446744073709551615';
const MKDIR = ['mkdir', 'mkdirat'];
const SCRIPT = 'mkdir /tmp/made 2>&1; echo $?; grep Seccomp: /proc/self/status';

describe('on a node with CRI-O', function () {
  this.timeout(300_000);
  let system: Installation;
  let pods: Pods;
  before(async () => {
    system = await Installation.start({ nodes: 1, runtime: 'cri-o' });
    pods = new Pods(system);
  });
  after(() => system?.stop());

  const ruleFor = (action: string, more: object = {}) => ({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: MKDIR, action, ...more }],
  });

  it('operator and agent run, and the node says which runtime it has', async () => {
    const version = ['get', 'node', 'node-1', '-o', 'jsonpath={.status.nodeInfo.containerRuntimeVersion}'];
    expect(await system.kubectl(version)).to.match(/^cri-o:\/\/1\.\d+/);
    for (const pod of [...(await system.operators()), await system.agent('node-1')])
      expect(pod.status.containerStatuses?.[0]).to.include({ ready: true, restartCount: 0 });
  });

  const refusals: [action: string, more: object, script: string, output: RegExp][] = [
    ['SCMP_ACT_ERRNO', {}, SCRIPT, /Operation not permitted\n1\nSeccomp:\s+2/],
    ['SCMP_ACT_ERRNO', { errnoRet: 38 }, SCRIPT, /Function not implemented\n1\n/],
    ['SCMP_ACT_LOG', {}, SCRIPT, /^0\nSeccomp:\s+2/],
    // 128 + SIGSYS.
    ['SCMP_ACT_KILL_PROCESS', {}, SCRIPT, /159\nSeccomp:\s+2/],
  ];
  for (const [index, [action, more, script, output]] of refusals.entries()) {
    it(`a call is treated as written: ${action} ${JSON.stringify(more)}`, async () => {
      await system.profiles.install(`call-${index}`, ruleFor(action, more));
      expect((await pods.run(`call-${index}`, script, { profile: `call-${index}` })).output).to.match(output);
    });
  }

  it('64 bits of an argument arrive as written', async () => {
    // No mode of mkdir(2) is all ones, so the rule matches none; cut to a double the number would be refused.
    const args = [{ index: 1, value: ALL_BITS, valueTwo: ALL_BITS, op: 'SCMP_CMP_MASKED_EQ' }];
    await system.profiles.install('bits', { ...ruleFor('SCMP_ACT_ERRNO', { args }) });
    expect(await system.read('node-1', 'bits')).to.include(`"value": ${ALL_BITS}`);
    const { output } = await pods.run('bits', SCRIPT, { profile: 'bits' });
    expect(output).to.match(/^0\nSeccomp:\s+2/);
  });

  it('a Pod that came before its profile starts by itself once it is there', async () => {
    await pods.shell('early', 'sleep 1000', { profile: 'late' });
    const { message } = await pods.untilRefused('early');
    expect(message).to.include('/seccomp/operator/late.json');
    await system.profiles.install('late', ruleFor('SCMP_ACT_ERRNO'));
    await pods.untilReady('early');
  });

  it('a deleted profile stays while a Pod uses it', async () => {
    await system.kubectl(['delete', 'scp', 'late', '--wait=false']);
    await until('it is held', async () => {
      const { status } = await system.profiles.get('late');
      return status?.conditions?.some(({ type, message }) => type === 'InUse' && message.includes('default/early'));
    });
    expect(await system.read('node-1', 'late')).to.include('mkdirat');
  });
});
