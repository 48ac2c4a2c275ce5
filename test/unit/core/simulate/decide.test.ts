import { expect } from 'chai';
import type { Arg, Syscall } from '../../../../src/core/api/seccomp-profile.ts';
import type { ResolvedSpec } from '../../../../src/core/profile/base.ts';
import { type Call, decide, UnknownCall } from '../../../../src/core/simulate/decide.ts';
import type { Environment } from '../../../../src/core/simulate/environment.ts';
import { buildFilter } from '../../../../src/core/simulate/filter.ts';

const X86_64: Environment = { native: 'SCMP_ARCH_X86_64', runtime: { name: 'runc' } };
const CRUN: Environment = { ...X86_64, runtime: { name: 'crun' } };

const profile = (syscalls: Syscall[], rest: Partial<ResolvedSpec> = {}): ResolvedSpec => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls,
  ...rest,
});

const rule = (names: string, action: string, ...args: Arg[]): Syscall => ({
  names: names.split(' '),
  action: `SCMP_ACT_${action}` as Syscall['action'],
  args,
});

const arg = (index: number, op: string, value: number | string, valueTwo: number | string = 0): Arg => ({
  index,
  op: `SCMP_CMP_${op}` as Arg['op'],
  value,
  valueTwo,
});

const args = (...given: (number | bigint)[]): bigint[] =>
  Array.from({ length: 6 }, (_, at) => BigInt.asUintN(64, BigInt(given[at] ?? 0)));

const simulate = (spec: ResolvedSpec, call: Call, environment = X86_64) => decide(buildFilter(spec, environment), call);

describe('simulate', () => {
  describe('one rule', () => {
    it('decides for its call, and the default for the others', () => {
      const spec = profile([rule('read exit_group', 'ALLOW')]);
      expect(simulate(spec, { call: 'read' })).to.deep.include({
        action: 'SCMP_ACT_ALLOW',
        certainty: 'certain',
        cause: 'rule',
      });
      expect(simulate(spec, { call: 'read' }).rule?.index).to.equal(0);
      expect(simulate(spec, { call: 'write' })).to.deep.include({
        action: 'SCMP_ACT_ERRNO',
        errno: 1,
        cause: 'default',
      });
    });

    const COMPARISONS: [string, Arg, bigint, boolean][] = [
      ['EQ compares 64 bits', arg(0, 'EQ', '0x100000005'), 5n, false],
      ['NE compares 64 bits', arg(0, 'NE', 5), 0x100000005n, true],
      ['LT has no sign', arg(0, 'LT', 5), -1n, false],
      ['LE takes the bound', arg(0, 'LE', 5), 5n, true],
      ['GE takes the bound', arg(0, 'GE', '0x100000000'), 0x100000000n, true],
      ['GT looks at the upper half first', arg(0, 'GT', '0x1ffffffff'), 0x200000000n, true],
      ['MASKED_EQ compares what the mask leaves', arg(0, 'MASKED_EQ', 0xf0, 0x35), 0xffffff3fn, true],
      ['an int below zero, sign extended', arg(0, 'MASKED_EQ', 0xffffffff, 0xffffff9c), -100n, true],
      ['an int below zero, not extended', arg(0, 'MASKED_EQ', 0xffffffff, 0xffffff9c), 0xffffff9cn, true],
    ];
    for (const [sentence, condition, value, isAllowed] of COMPARISONS) {
      it(sentence, () => {
        const spec = profile([rule('getpid exit_group', 'ALLOW', condition)]);
        const decision = simulate(spec, { call: 'getpid', args: args(value) });
        expect(decision.action).to.equal(isAllowed ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_ERRNO');
        expect(decision.certainty).to.equal('certain');
      });
    }
  });

  describe('several rules', () => {
    it('takes the first unconditional one, whatever conditions there are', () => {
      const spec = profile(
        [rule('getpid', 'KILL_PROCESS', arg(0, 'EQ', 1)), rule('getpid', 'LOG'), rule('getpid', 'TRAP')],
        { defaultAction: 'SCMP_ACT_ALLOW' },
      );
      const decision = simulate(spec, { call: 'getpid', args: args(1) });
      expect(decision).to.deep.include({ action: 'SCMP_ACT_LOG', certainty: 'certain' });
      expect(decision.rule?.index).to.equal(1);
    });

    it('leaves out a rule that says what the default says, errno included', () => {
      const spec = profile([rule('getpid', 'ERRNO'), rule('getpid', 'ALLOW', arg(0, 'EQ', 1))]);
      expect(simulate(spec, { call: 'getpid', args: args(1) }).action).to.equal('SCMP_ACT_ALLOW');
    });

    it('takes conditions on one argument one by one', () => {
      const spec = profile([rule('getpid exit_group', 'ALLOW', arg(0, 'EQ', 1), arg(0, 'EQ', 2), arg(1, 'EQ', 3))]);
      expect(simulate(spec, { call: 'getpid', args: args(2) }).action).to.equal('SCMP_ACT_ALLOW');
      expect(simulate(spec, { call: 'getpid', args: args(9, 3) }).action).to.equal('SCMP_ACT_ALLOW');
    });

    it('is ambiguous where rules with different actions match', () => {
      const spec = profile([rule('getpid', 'LOG', arg(0, 'EQ', 1)), rule('getpid', 'ALLOW', arg(1, 'EQ', 1))]);
      const decision = simulate(spec, { call: 'getpid', args: args(1, 1) });
      expect(decision.certainty).to.equal('ambiguous');
      expect(decision.matching.map(({ index }) => index)).to.deep.equal([0, 1]);
      expect(decision.candidates.map(({ action }) => action)).to.have.members(['SCMP_ACT_LOG', 'SCMP_ACT_ALLOW']);
      expect(decision.reason).to.match(/rules 0, 1 match and differ/);
    });

    it('is uncertain where libseccomp loses a rule that matches alone', () => {
      const spec = profile([
        rule('getpid', 'ALLOW', arg(0, 'GT', 5)),
        rule('getpid', 'LOG', arg(0, 'GT', 3), arg(1, 'EQ', 1)),
      ]);
      const decision = simulate(spec, { call: 'getpid', args: args(4, 1) });
      expect(decision).to.deep.include({ action: 'SCMP_ACT_ERRNO', certainty: 'uncertain' });
      expect(decision.reason).to.match(/as written rule 1 decides, but libseccomp loses it/);
    });
  });

  describe('arguments that are not known', () => {
    const spec = profile([rule('socket', 'ALLOW', arg(0, 'EQ', 1)), rule('socket', 'ALLOW', arg(0, 'EQ', 2))]);

    it('do not matter where no rule asks for them', () => {
      expect(simulate(spec, { call: 'socket', args: [1n] })).to.deep.include({
        action: 'SCMP_ACT_ALLOW',
        certainty: 'certain',
      });
    });

    it('leave open what happens, the strictest first', () => {
      const decision = simulate(spec, { call: 'socket' });
      expect(decision).to.deep.include({ action: 'SCMP_ACT_ERRNO', certainty: 'uncertain' });
      expect(decision.reason).to.equal('depends on argument 0, not given');
    });
  });

  describe('architectures', () => {
    it('kills programs of one that is not listed, also under a default that allows', () => {
      const spec = profile([rule('mount', 'ERRNO')], { defaultAction: 'SCMP_ACT_ALLOW' });
      const decision = simulate(spec, { call: 'read', architecture: 'SCMP_ARCH_X86' });
      expect(decision).to.deep.include({ action: 'SCMP_ACT_KILL_THREAD', cause: 'architecture' });
    });

    it('compares 32 bits on i386, of the value too', () => {
      const spec = profile([rule('getpid exit_group', 'ALLOW', arg(0, 'EQ', '0x100000005'))], {
        architectures: ['SCMP_ARCH_X86'],
      });
      const decision = simulate(spec, { call: 'getpid', architecture: 'SCMP_ARCH_X86', args: args(5) });
      expect(decision).to.deep.include({ action: 'SCMP_ACT_ALLOW', certainty: 'certain' });
    });

    it('covers socketcall on i386 by rules for the calls it stands for', () => {
      const spec = profile([rule('socket', 'ALLOW', arg(0, 'EQ', 1)), rule('exit_group', 'ALLOW')], {
        architectures: ['SCMP_ARCH_X86'],
      });
      const onI386 = (call: string, first: number) =>
        simulate(spec, { call, architecture: 'SCMP_ARCH_X86', args: args(first) }).action;
      expect(onI386('socketcall', 1)).to.equal('SCMP_ACT_ALLOW');
      expect(onI386('socketcall', 2)).to.equal('SCMP_ACT_ERRNO');
      expect(onI386('socket', 2)).to.equal('SCMP_ACT_ERRNO');
    });

    it('takes a number with bit 30 for a call of x32', () => {
      const spec = profile([rule('read', 'ALLOW')]);
      expect(simulate(spec, { call: 0x40000000 }).architecture).to.equal('SCMP_ARCH_X32');
    });

    it('finds no rule where a call that does not exist there comes first', () => {
      const spec = profile([rule('open', 'ERRNO'), rule('getpid', 'ERRNO', arg(0, 'EQ', 1))], {
        defaultAction: 'SCMP_ACT_ALLOW',
      });
      const arm64: Environment = { ...CRUN, native: 'SCMP_ARCH_AARCH64' };
      const decision = simulate(spec, { call: 'getpid', args: args(1) }, arm64);
      expect(decision).to.deep.include({ action: 'SCMP_ACT_ALLOW', certainty: 'uncertain' });
      const mended = profile([...(spec.syscalls ?? []), rule('exit_group', 'LOG')], spec);
      expect(simulate(mended, { call: 'getpid', args: args(1) }, arm64).action).to.equal('SCMP_ACT_ALLOW');
    });
  });

  describe("runc's ENOSYS", () => {
    const spec = profile([rule('read write exit_group', 'ALLOW')]);

    it('answers calls above the highest number that the profile names', () => {
      expect(simulate(spec, { call: 'clone3' })).to.deep.include({
        action: 'SCMP_ACT_ERRNO',
        errno: 38,
        cause: 'new-call',
      });
      expect(simulate(spec, { call: 'open' })).to.deep.include({ errno: 1, cause: 'default' });
    });

    it('is not there with crun, nor under a default that lets pass', () => {
      expect(simulate(spec, { call: 'clone3' }, CRUN).errno).to.equal(1);
      expect(simulate({ ...spec, defaultAction: 'SCMP_ACT_LOG' }, { call: 'clone3' }).action).to.equal('SCMP_ACT_LOG');
    });

    it('was not there for an architecture that is not listed, before 1.1.15', () => {
      const old: Environment = { ...X86_64, runtime: { name: 'runc', version: '1.1.14' } };
      expect(simulate(spec, { call: 'clone3' }, old).errno).to.equal(1);
      const listed: ResolvedSpec = { ...spec, architectures: ['SCMP_ARCH_X86_64'] };
      expect(simulate(listed, { call: 'clone3' }, old).errno).to.equal(38);
    });

    it('counts no multiplexed call on i386', () => {
      const listed = profile([rule('read socket', 'ALLOW')], { architectures: ['SCMP_ARCH_X86'] });
      expect(simulate(listed, { call: 'socket', architecture: 'SCMP_ARCH_X86' }).cause).to.equal('new-call');
    });
  });

  it('says that an older libseccomp does not know the name', () => {
    const spec = profile([rule('mseal exit_group', 'ALLOW')]);
    const decision = simulate(spec, { call: 'mseal' }, { ...CRUN, libseccomp: '2.5.4' });
    expect(decision).to.deep.include({ action: 'SCMP_ACT_ERRNO', cause: 'default' });
    expect(decision.reason).to.match(/libseccomp 2.5.4 does not know mseal/);
  });

  it('says that the kernel does not filter uretprobe', () => {
    expect(simulate(profile([rule('read', 'ALLOW')]), { call: 'uretprobe' })).to.deep.include({
      action: 'SCMP_ACT_ALLOW',
      certainty: 'uncertain',
      cause: 'never-filtered',
    });
  });

  it('gives ENOSYS for TRACE and for NOTIFY without a listener', () => {
    const spec = profile([rule('getpid', 'TRACE'), rule('getuid', 'NOTIFY')]);
    expect(simulate(spec, { call: 'getpid' }, CRUN).errno).to.equal(38);
    expect(simulate(spec, { call: 'getuid' }, CRUN).errno).to.equal(38);
  });

  it('knows no call that is none', () => {
    expect(() => simulate(profile([]), { call: 'no_such_call' })).to.throw(
      UnknownCall,
      /has no system call no_such_call/,
    );
  });
});
