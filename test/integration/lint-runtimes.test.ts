import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import type { SeccompProfile, SeccompProfileSpec, Syscall } from '../../src/core/api/seccomp-profile.ts';
import { lint } from '../../src/core/lint/lint.ts';
import type { LintTarget, Runtime } from '../../src/core/lint/target.ts';
import { renderProfile } from '../../src/core/profile/render.ts';
import { syscallNames } from '../../src/core/syscalls/table.ts';
import { Containers, hasRuntime } from '../rig/container.ts';

const STARTS = 20;

const seed = (parse(readFileSync('examples/seed.yaml', 'utf8')) as SeccompProfile).spec;

const EVERYTHING: Syscall = { names: [...syscallNames('SCMP_ARCH_X86_64')], action: 'SCMP_ACT_ALLOW' };
const KILL = 'SCMP_ACT_KILL_PROCESS';
const ERRNO = 'SCMP_ACT_ERRNO';
const mkdir = (action: Syscall['action'], ...args: NonNullable<Syscall['args']>): Syscall => ({
  names: ['mkdir'],
  action,
  ...(args.length ? { args } : {}),
});
const mode = (value: number) => ({ index: 1, op: 'SCMP_CMP_EQ' as const, value });
const number = (index: number, op: 'EQ' | 'GT', value: number) => ({ index, op: `SCMP_CMP_${op}` as const, value });
const withRules = (...syscalls: Syscall[]): SeccompProfileSpec => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls });
const without = (...names: string[]): Syscall => ({
  ...EVERYTHING,
  names: EVERYTHING.names.filter(each => !names.includes(each)),
});

/** Profiles that the API server takes, with what is said about each in the runtimes' sources. */
const CASES: [what: string, spec: SeccompProfileSpec][] = [
  ['all is allowed', withRules(EVERYTHING)],
  ['a rule as the default', withRules(mkdir('SCMP_ACT_ALLOW'))],
  ['no rules, and a default that refuses', { defaultAction: ERRNO }],
  ['no rules, and a default that traps', { defaultAction: 'SCMP_ACT_TRAP' }],
  ['no rules, and a default that logs', { defaultAction: 'SCMP_ACT_LOG' }],
  ['the same conditions with two actions', withRules(mkdir(ERRNO, mode(7)), mkdir(KILL, mode(7)))],
  [
    'the same conditions with two error numbers',
    withRules(mkdir(ERRNO, mode(7)), { ...mkdir(ERRNO, mode(7)), errnoRet: 2 }),
  ],
  ['other conditions with two actions', withRules(mkdir(ERRNO, mode(7)), mkdir(KILL, mode(8)))],
  ['one of two actions is the default', withRules(mkdir(ERRNO, mode(7)), mkdir('SCMP_ACT_ALLOW', mode(7)))],
  ['no conditions with two actions', withRules(mkdir(ERRNO), mkdir(KILL))],
  [
    'the same conditions with two actions, behind an unconditional rule',
    withRules(mkdir(ERRNO), mkdir(KILL, mode(7)), mkdir('SCMP_ACT_TRAP', mode(7))),
  ],
  [
    'the same conditions with two actions, before an unconditional rule',
    withRules(mkdir(KILL, mode(7)), mkdir('SCMP_ACT_TRAP', mode(7)), mkdir(ERRNO)),
  ],
  ['the same condition twice in one rule', withRules(mkdir(ERRNO, mode(7), mode(7)))],
  ['conditions that share one comparison', withRules(mkdir(ERRNO, mode(7), mode(8)), mkdir(KILL, mode(8)))],
  [
    'fewer conditions and another action after more',
    withRules(mkdir(ERRNO, number(0, 'EQ', 1), number(1, 'EQ', 2)), mkdir(KILL, number(0, 'EQ', 1))),
  ],
  [
    'fewer conditions after more',
    withRules(mkdir(ERRNO, number(0, 'EQ', 1), number(1, 'EQ', 2)), mkdir(ERRNO, number(0, 'EQ', 1))),
  ],
  [
    'conditions on which libseccomp never ends',
    withRules(
      mkdir(ERRNO, number(0, 'GT', 5), number(1, 'EQ', 1)),
      mkdir(ERRNO, number(0, 'GT', 5), number(2, 'EQ', 1)),
    ),
  ],
  ['the same rule twice', withRules(mkdir(ERRNO, mode(7)), mkdir(ERRNO, mode(7)))],
  ['the largest error number', withRules({ ...mkdir(ERRNO), errnoRet: 4094 })],
  ['one more', withRules({ ...mkdir(ERRNO), errnoRet: 4095 })],
  ['error number 0', withRules({ ...mkdir(ERRNO), errnoRet: 0 })],
  ['an unknown call', withRules({ names: ['mkdirr'], action: ERRNO })],
  ['execve refused', withRules({ names: ['execve'], action: ERRNO })],
  [
    'execve refused under a condition that never holds',
    withRules({ names: ['execve'], action: ERRNO, args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 1 }] }),
  ],
  ['execve killed', withRules({ names: ['execve'], action: KILL })],
  ['close killed', withRules({ names: ['close'], action: KILL })],
  ['an allow list of all', { defaultAction: ERRNO, syscalls: [EVERYTHING] }],
  ['an allow list without execve', { defaultAction: ERRNO, syscalls: [without('execve')] }],
  ['an allow list without epoll_ctl', { defaultAction: ERRNO, syscalls: [without('epoll_ctl')] }],
  ['a kill list without execve', { defaultAction: KILL, syscalls: [without('execve')] }],
  ['a kill list without close', { defaultAction: KILL, syscalls: [without('close')] }],
  ['a list that kills threads', { defaultAction: 'SCMP_ACT_KILL', syscalls: [without('mkdir')] }],
  [
    'all architectures of the family',
    { ...withRules(EVERYTHING), architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
  ],
  [
    'architectures of other families, left out when rendered',
    { ...withRules(EVERYTHING), architectures: ['SCMP_ARCH_S390X', 'SCMP_ARCH_LOONGARCH64'] },
  ],
  ['a flag', { ...withRules(mkdir(ERRNO)), flags: ['SECCOMP_FILTER_FLAG_LOG'] }],
  ['values of 64 bits', withRules(mkdir(ERRNO, { index: 1, op: 'SCMP_CMP_GT', value: '18446744073709551614' }))],
];

describe('the linter and the real runtimes', () => {
  let containers: Containers;

  before(() => {
    const missing = ['runc', 'crun'].filter(runtime => !hasRuntime(runtime));
    if (missing.length)
      throw new Error(`these tests start containers: apt-get install ${missing.join(' ')} busybox-static`);
    containers = new Containers();
  });

  after(() => containers?.close());

  for (const name of ['runc', 'crun'] as const) {
    for (const noNewPrivileges of [true, false]) {
      const setting = `${name} ${noNewPrivileges ? 'with' : 'without'} allowPrivilegeEscalation: false`;

      it(`agree on ${setting}: the seed profile starts nothing, and what the linter adds suffices`, async () => {
        const missing = callsToAdd(seed, name, noNewPrivileges);
        expect(missing).to.include.members(['arch_prctl', 'execve']);
        expect(await starts(name, noNewPrivileges, seed, 3)).to.equal(0);
        const completed = plus(seed, missing);
        expect(callsToAdd(completed, name, noNewPrivileges)).to.deep.equal([]);
        expect(await starts(name, noNewPrivileges, completed, STARTS)).to.equal(STARTS);
      });

      it(`agree on ${setting}: each call that the linter adds is needed`, async () => {
        const missing = callsToAdd(seed, name, noNewPrivileges);
        for (const call of missing) {
          const others = missing.filter(each => each !== call);
          expect(await starts(name, noNewPrivileges, plus(seed, others), 3), `without ${call}`).to.be.below(3);
        }
      });
    }
  }

  for (const [what, spec] of CASES) {
    it(`agree on whether containers start: ${what}`, async () => {
      for (const name of ['runc', 'crun'] as const) {
        const errors = errorsOf(spec, name, true).map(({ rule, message }) => `${rule}: ${message}`);
        const started = await starts(name, true, spec, 1);
        expect(started, `${name}; the linter says ${errors.join('; ') || 'no error'}`).to.equal(errors.length ? 0 : 1);
      }
    });
  }

  async function starts(
    runtime: string,
    noNewPrivileges: boolean,
    spec: SeccompProfileSpec,
    times: number,
  ): Promise<number> {
    const profile = renderProfile(spec, 'amd64');
    let started = 0;
    for (let run = 0; run < times; run++) {
      const { code, stdout } = await containers.run({ runtime, noNewPrivileges, profile, args: ['echo', 'up'] }, 3_000);
      if (code === 0 && stdout === 'up\n') started += 1;
    }
    return started;
  }
});

function errorsOf(spec: SeccompProfileSpec, name: Runtime['name'], noNewPrivileges: boolean) {
  return lint(spec, targetOf(name, noNewPrivileges)).filter(({ severity }) => severity === 'error');
}

function callsToAdd(spec: SeccompProfileSpec, name: Runtime['name'], noNewPrivileges: boolean): readonly string[] {
  return errorsOf(spec, name, noNewPrivileges).flatMap(({ where }) => where.names ?? []);
}

function targetOf(name: Runtime['name'], noNewPrivileges: boolean): LintTarget {
  const version = /version (\d+\.\d+\.\d+)/.exec(execFileSync(name, ['--version']).toString())?.[1] ?? '';
  return { runtimes: [{ name, version }], noNewPrivileges, architectures: ['SCMP_ARCH_X86_64'] };
}

function plus(spec: SeccompProfileSpec, names: readonly string[]): SeccompProfileSpec {
  return { ...spec, syscalls: [...(spec.syscalls ?? []), { names: [...names], action: 'SCMP_ACT_ALLOW' }] };
}
