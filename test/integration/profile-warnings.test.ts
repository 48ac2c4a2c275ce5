import { join } from 'node:path';
import { expect } from 'chai';
import type { SeccompProfileSpec, Syscall } from '../../src/core/api/seccomp-profile.ts';
import { lint } from '../../src/core/lint/lint.ts';
import { DEFAULT_TARGET } from '../../src/core/lint/target.ts';
import { syscallNames } from '../../src/core/syscalls/table.ts';
import { type ControlPlane, startControlPlane } from '../rig/control-plane.ts';
import { until } from '../rig/until.ts';

const root = join(import.meta.dirname, '../..');

/** What a container may need, and nothing that is worth a warning. */
const HARMLESS = [...syscallNames('SCMP_ARCH_X86_64')].filter(
  name =>
    !lint(allowing(name), DEFAULT_TARGET).some(({ rule }) => rule === 'dangerous-allow' || rule === 'never-filtered'),
);
const CLONE = [{ index: 0, op: 'SCMP_CMP_MASKED_EQ' as const, value: 2114060288 }];

function allowing(...names: string[]): SeccompProfileSpec {
  return { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] };
}

const allowList = (without: string, ...rules: Syscall[]): SeccompProfileSpec => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [{ names: HARMLESS.filter(name => name !== without), action: 'SCMP_ACT_ALLOW' }, ...rules],
});
const denyList = (...rules: Syscall[]): SeccompProfileSpec => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: rules });
const refuse = (...names: string[]): Syscall => ({ names, action: 'SCMP_ACT_ERRNO' });

const CASES: [what: string, spec: SeccompProfileSpec, rule: string, says: string][] = [
  ['an allow list without execve', allowList('execve'), 'cannot-start', 'on runc and crun: execve refused'],
  ['an allow list without fstatfs', allowList('fstatfs'), 'cannot-start', 'on runc: fstatfs refused'],
  ['a default that kills threads', { ...allowList(''), defaultAction: 'SCMP_ACT_KILL' }, 'kill-thread', 'KILL_PROCESS'],
  ['NOTIFY as default', { ...allowList(''), defaultAction: 'SCMP_ACT_NOTIFY' }, 'notify', 'as default'],
  [
    'NOTIFY on write',
    { ...denyList({ names: ['write'], action: 'SCMP_ACT_NOTIFY' }), listenerPath: '/run/a' },
    'notify',
    'write',
  ],
  ['NOTIFY without listener', denyList({ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }), 'notify', 'listenerPath'],
  ['flags', { ...allowList(''), flags: ['SECCOMP_FILTER_FLAG_LOG'] }, 'flags', 'before 1.2'],
  ['errno 0', denyList({ ...refuse('mkdir'), errnoRet: 0 }), 'errno-range', 'errnoRet 0'],
  ['clone3 with EPERM', denyList(refuse('clone3')), 'clone3-eperm', 'errnoRet 38'],
  ['a name in capitals', denyList(refuse('MKDIR')), 'unknown-syscall', 'lower case'],
  ['the number of a call', denyList(refuse('83')), 'unknown-syscall', 'lower case'],
  [
    'a range',
    denyList({
      ...refuse('mkdir'),
      args: [
        { index: 1, op: 'SCMP_CMP_GE', value: 1 },
        { index: 1, op: 'SCMP_CMP_LE', value: 7 },
      ],
    }),
    'repeated-argument',
    'range',
  ],
  [
    'the thread id of tgkill',
    denyList({ ...refuse('tgkill'), args: [{ index: 1, op: 'SCMP_CMP_EQ', value: 9 }] }),
    'signal-argument',
    'argument 2',
  ],
  [
    'clone guarded and clone3 open',
    allowList('clone', { names: ['clone'], action: 'SCMP_ACT_ALLOW', args: CLONE }),
    'clone-flags',
    'in memory',
  ],
  ['mount refused alone', denyList(refuse('mount')), 'deny-list-fails-open', 'move_mount'],
  [
    'bpf and ptrace',
    allowList('', { names: ['bpf', 'ptrace'], action: 'SCMP_ACT_ALLOW' }),
    'dangerous-allow',
    'bpf, ptrace',
  ],
];

const QUIET: [what: string, spec: SeccompProfileSpec][] = [
  ['a list of all that is harmless', allowList('')],
  ['calls that a base may allow', { ...allowList('execve'), baseProfileName: 'base' }],
  [
    'ptrace under conditions',
    allowList('', { names: ['ptrace'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 0 }] }),
  ],
  ['clone3 with ENOSYS', allowList('clone3', { ...refuse('clone3'), errnoRet: 38 })],
  ['mount logged', denyList({ names: ['mount'], action: 'SCMP_ACT_LOG' })],
  [
    'a condition on each of two arguments',
    denyList({
      ...refuse('mkdir'),
      args: [
        { index: 0, op: 'SCMP_CMP_GE', value: '0xffffffffffffffff' },
        { index: 1, op: 'SCMP_CMP_LE', value: 7 },
      ],
    }),
  ],
];

describe('kubectl apply of a SeccompProfile', function () {
  this.timeout(120_000);
  let plane: ControlPlane;

  before(async function () {
    this.timeout(0); // The control plane may have to be built first.
    plane = await startControlPlane();
    await plane.kubectl(['apply', '-k', join(root, 'crds')]);
    await plane.kubectl(['wait', '--for=condition=Established', 'crd/seccompprofiles.seccomp-operator.dev']);
    await plane.kubectl(['apply', '-f', join(root, 'manifests/base/admission/profile-warnings.yaml')]);
    await until('the policy is in force', async () => (await warnings({ defaultAction: 'SCMP_ACT_KILL' })).length > 0);
  });
  after(() => plane?.stop());

  async function warnings(spec: SeccompProfileSpec, name = 'example', ...options: string[]): Promise<string[]> {
    const manifest = { apiVersion: 'seccomp-operator.dev/v1alpha1', kind: 'SeccompProfile', metadata: { name }, spec };
    const how = options.length ? options : ['--dry-run=server'];
    const { code, stderr } = await plane.tryKubectl(['apply', ...how, '-f', '-'], JSON.stringify(manifest));
    expect(code, stderr).to.equal(0);
    return stderr.split('\n').filter(line => line.startsWith('Warning: '));
  }

  for (const [what, spec, rule, says] of CASES) {
    it(`warns of ${what}, as the linter does`, async () => {
      const said = (await warnings(spec)).filter(line => line.includes(`: ${rule}: `));
      expect(said).to.have.lengthOf(1);
      expect(said[0]).to.include(says);
      expect(lint(spec, DEFAULT_TARGET).map(finding => finding.rule)).to.include(rule);
    });
  }

  for (const [what, spec] of QUIET) {
    it(`does not warn of ${what}`, async () => {
      expect(await warnings(spec)).to.deep.equal([]);
    });
  }

  it('takes the seed profile, and says why no container starts with it', async () => {
    const file = join(root, 'examples/seed.yaml');
    const { code, stderr } = await plane.tryKubectl(['apply', '-f', file]);
    expect(code).to.equal(0);
    expect(stderr).to.include('cannot-start: no container starts on runc and crun: execve, fstatfs refused');
  });

  it('says it once: not when something else than the spec changes', async () => {
    const { code, stderr } = await plane.tryKubectl(['label', 'seccompprofile', 'seed', 'seen=true']);
    expect(code).to.equal(0);
    expect(stderr).to.equal('');
  });

  it('passes over a profile that costs too much to look at', async () => {
    const names = Array.from({ length: 1_000 }, (_, at) => `call_of_some_length_${at}`);
    const rule = { names, action: 'SCMP_ACT_ALLOW' as const };
    const spec: SeccompProfileSpec = {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: Array.from({ length: 40 }, () => rule),
    };
    expect(await warnings(spec, 'large', '--server-side')).to.be.an('array');
  });
});
