import { expect } from 'chai';
import fc from 'fast-check';
import type { Syscall } from '../../../../src/core/api/seccomp-profile.ts';
import type { ResolvedSpec } from '../../../../src/core/profile/base.ts';
import { formOf } from '../../../../src/core/profile/form.ts';
import type { Mode } from '../../../../src/core/profile/mode.ts';
import { renderProfile } from '../../../../src/core/profile/render.ts';

const ACTIONS: readonly Syscall['action'][] = [
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_KILL_PROCESS',
];
const CALLS = ['mkdir', 'mount', 'clone'];
/** Conditions are on one argument that equals one of these, so that two of a call never hold together. */
const VALUES = [0, 1, 2];

const errnoRet = fc.constantFrom(undefined, 1, 13, 38);
const rule = fc.record({
  names: fc.uniqueArray(fc.constantFrom(...CALLS), { minLength: 1 }),
  action: fc.constantFrom(...ACTIONS),
  errnoRet,
  args: fc.constantFrom(undefined, [], ...VALUES.map(value => [{ index: 0, op: 'SCMP_CMP_EQ', value }])),
}) as fc.Arbitrary<Syscall>;
const profile = fc.record({
  defaultAction: fc.constantFrom(...ACTIONS),
  defaultErrnoRet: errnoRet,
  syscalls: fc.array(rule, { maxLength: 6 }),
}) as fc.Arbitrary<ResolvedSpec>;

interface Rendered {
  defaultAction: string;
  defaultErrnoRet?: number;
  syscalls: { names: string[]; action: string; errnoRet?: number; args?: { value: number }[] }[];
}

/** What runc and libseccomp make of a call under a file; nothing where they would refuse the file (two answers at once). */
function answer(file: Rendered, call: string, value: number): string | undefined {
  const word = (action: string, errno = 1) =>
    /ERRNO|TRACE/.test(action) ? `${action} ${errno}` : action.replace(/KILL$/, 'KILL_THREAD');
  const byDefault = word(file.defaultAction, file.defaultErrnoRet);
  const rules = file.syscalls
    .filter(each => each.names.includes(call))
    .filter(each => word(each.action, each.errnoRet) !== byDefault);
  const alone = rules.find(each => !each.args);
  if (alone) return word(alone.action, alone.errnoRet);
  const answers = new Set(
    rules.filter(each => each.args?.[0]?.value === value).map(each => word(each.action, each.errnoRet)),
  );
  if (answers.size > 1) return undefined;
  return [...answers][0] ?? byDefault;
}

const inMode = (spec: ResolvedSpec, mode: Mode): Rendered => JSON.parse(renderProfile({ ...spec, mode }, 'amd64'));
const REFUSED = /KILL|TRAP|ERRNO|TRACE/;

describe('a profile in another mode', () => {
  const holds = (mode: Mode, expected: (asWritten: string) => string) =>
    fc.assert(
      fc.property(profile, fc.constantFrom(...CALLS), fc.constantFrom(...VALUES), (spec, call, value) => {
        const asWritten = answer(inMode(spec, 'Enforce'), call, value);
        fc.pre(asWritten !== undefined);
        expect(answer(inMode(spec, mode), call, value)).to.equal(expected(asWritten as string));
      }),
      { numRuns: 2_000 },
    );

  it('logs in Audit exactly what it would refuse, and does with every other call what it does with it', () => {
    holds('Audit', asWritten => (REFUSED.test(asWritten) ? 'SCMP_ACT_LOG' : asWritten));
  });

  it('kills in Kill for exactly what it would refuse, but for the answer ENOSYS', () => {
    holds('Kill', asWritten =>
      REFUSED.test(asWritten) && asWritten !== 'SCMP_ACT_ERRNO 38' ? 'SCMP_ACT_KILL_PROCESS' : asWritten,
    );
  });

  it('has no error number that crun would refuse', () => {
    fc.assert(
      fc.property(profile, fc.constantFrom<Mode>('Audit', 'Kill'), (spec, mode) => {
        const { defaultAction, defaultErrnoRet, syscalls } = inMode(spec, mode);
        const all = [{ action: defaultAction, errnoRet: defaultErrnoRet }, ...syscalls];
        for (const { action, errnoRet } of all) if (errnoRet !== undefined) expect(action).to.match(/ERRNO|TRACE/);
      }),
    );
  });

  it('is the same form again when it is put into that mode twice', () => {
    fc.assert(
      fc.property(profile, fc.constantFrom<Mode>('Audit', 'Enforce', 'Kill'), (spec, mode) => {
        const form = formOf({ ...spec, mode });
        expect(formOf({ ...form, mode })).to.deep.equal(form);
      }),
    );
  });

  it('lists in Audit all architectures that a node runs, since one that is not listed is killed', () => {
    const architectures = (node: string, spec: object) =>
      JSON.parse(renderProfile({ defaultAction: 'SCMP_ACT_ERRNO', mode: 'Audit', ...spec }, node)).architectures;
    expect(architectures('amd64', {})).to.deep.equal(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']);
    expect(architectures('arm64', { architectures: ['SCMP_ARCH_AARCH64'] })).to.deep.equal([
      'SCMP_ARCH_AARCH64',
      'SCMP_ARCH_ARM',
    ]);
    // Some runtimes do not know it: it is not named where the profile does not.
    expect(architectures('riscv64', {})).to.equal(undefined);
  });

  it('keeps what a runtime could refuse to load, so that it shows before anything is refused', () => {
    const spec: ResolvedSpec = {
      defaultAction: 'SCMP_ACT_ERRNO',
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      listenerPath: '/run/agent.sock',
      syscalls: [{ names: ['mknod'], action: 'SCMP_ACT_NOTIFY' }],
    };
    for (const mode of ['Audit', 'Kill'] as const) {
      const { flags, listenerPath, syscalls } = formOf({ ...spec, mode });
      expect({ flags, listenerPath, syscalls }).to.deep.equal({
        flags: spec.flags,
        listenerPath: spec.listenerPath,
        syscalls: spec.syscalls,
      });
    }
  });
});
