import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Arg, SeccompProfileSpec, Syscall } from '../../../../src/core/api/seccomp-profile.ts';
import type { Finding } from '../../../../src/core/lint/finding.ts';
import { lint } from '../../../../src/core/lint/lint.ts';
import { RULES } from '../../../../src/core/lint/rules.ts';
import { DEFAULT_TARGET, type LintTarget } from '../../../../src/core/lint/target.ts';
import { syscallNames } from '../../../../src/core/syscalls/table.ts';

const EVERYTHING = [...syscallNames('SCMP_ARCH_X86_64')];

const allow = (...names: string[]): Syscall => ({ names, action: 'SCMP_ACT_ALLOW' });
const refuse = (...names: string[]): Syscall => ({ names, action: 'SCMP_ACT_ERRNO' });
const when = (rule: Syscall, ...args: Arg[]): Syscall => ({ ...rule, args });
const arg = (index: number, op: string, value: number | string, valueTwo?: number | string): Arg => ({
  index,
  op: `SCMP_CMP_${op}` as Arg['op'],
  value,
  ...(valueTwo === undefined ? {} : { valueTwo }),
});

const allowList = (...syscalls: Syscall[]): SeccompProfileSpec => ({ defaultAction: 'SCMP_ACT_ERRNO', syscalls });
const denyList = (...syscalls: Syscall[]): SeccompProfileSpec => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls });
/** Allows every call but these, so that only what a test is about is missing. */
const allowAllBut = (...names: string[]) => allow(...EVERYTHING.filter(name => !names.includes(name)));

/** What one rule finds: severity, place and calls. */
function found(rule: string, spec: SeccompProfileSpec, target: Partial<LintTarget> = {}): string[] {
  return findings(rule, spec, target).map(({ severity, where }) =>
    [severity, where.field.replace(/^spec\.?/, ''), ...(where.names ?? [])].join(' '),
  );
}

function findings(rule: string, spec: SeccompProfileSpec, target: Partial<LintTarget> = {}): Finding[] {
  return lint(spec, { ...DEFAULT_TARGET, ...target }).filter(finding => finding.rule === rule);
}

const RUNC_1_1 = { runtimes: [{ name: 'runc', version: '1.1.5' }], noNewPrivileges: true } as const;
const RUNC_1_5 = { runtimes: [{ name: 'runc', version: '1.5.2' }], noNewPrivileges: true } as const;
const CRUN = { runtimes: [{ name: 'crun' }], noNewPrivileges: true } as const;

type Case = [what: string, rule: string, spec: SeccompProfileSpec, expected: string[], target?: Partial<LintTarget>];

const CASES: Case[] = [
  ['every call allowed: containers start', 'cannot-start', allowList(allowAllBut()), []],
  ['execve refused: none starts', 'cannot-start', allowList(allowAllBut('execve')), ['error syscalls execve']],
  ['execve refused by a deny list', 'cannot-start', denyList(refuse('execve')), ['error syscalls execve']],
  [
    'execve refused under conditions: it may start',
    'cannot-start',
    denyList(when(refuse('execve'), arg(0, 'EQ', 0))),
    [],
  ],
  [
    'execve logged: it starts',
    'cannot-start',
    allowList(allowAllBut('execve'), { names: ['execve'], action: 'SCMP_ACT_LOG' }),
    [],
  ],
  [
    'no program without its thread pointer',
    'cannot-start',
    allowList(allowAllBut('arch_prctl')),
    ['error syscalls arch_prctl'],
    CRUN,
  ],
  ['statx: from runc 1.5 on', 'cannot-start', allowList(allowAllBut('statx')), ['error syscalls statx'], RUNC_1_5],
  ['statx: not before', 'cannot-start', allowList(allowAllBut('statx')), [], RUNC_1_1],
  [
    'what crun needs without no_new_privs',
    'cannot-start',
    allowList(allowAllBut('setresuid')),
    ['error syscalls setresuid'],
    { runtimes: [{ name: 'crun' }] },
  ],
  ['and not with it', 'cannot-start', allowList(allowAllBut('setresuid')), [], CRUN],
  ['what is made and can fail', 'cannot-start', allowList(allowAllBut('epoll_ctl')), [], RUNC_1_1],
  [
    'but not when it kills',
    'cannot-start',
    { defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [allowAllBut('epoll_ctl')] },
    ['error syscalls epoll_ctl'],
    RUNC_1_1,
  ],
  [
    'futex: runc starts at times',
    'may-not-start',
    allowList(allowAllBut('futex')),
    ['warning syscalls futex'],
    RUNC_1_1,
  ],
  ['futex: crun does not care', 'may-not-start', allowList(allowAllBut('futex')), [], CRUN],
  [
    'openat2 refused, with other ways open',
    'may-not-start',
    allowList(allowAllBut('openat2')),
    ['warning syscalls openat2'],
    RUNC_1_5,
  ],

  [
    'same conditions, two actions',
    'conflicting-rules',
    denyList(
      when(refuse('mkdir'), arg(1, 'EQ', 7)),
      when({ names: ['mkdir'], action: 'SCMP_ACT_KILL' }, arg(1, 'EQ', 7)),
    ),
    ['error syscalls[1] mkdir'],
  ],
  [
    'same conditions in another order',
    'conflicting-rules',
    denyList(
      when(refuse('mkdir'), arg(0, 'EQ', 1), arg(1, 'EQ', 7)),
      when({ names: ['mkdir'], action: 'SCMP_ACT_KILL' }, arg(1, 'EQ', 7), arg(0, 'EQ', 1)),
    ),
    ['error syscalls[1] mkdir'],
  ],
  [
    'same conditions, two error numbers',
    'conflicting-rules',
    denyList(when(refuse('mkdir'), arg(1, 'EQ', 7)), when({ ...refuse('mkdir'), errnoRet: 2 }, arg(1, 'EQ', 7))),
    ['error syscalls[1] mkdir'],
  ],
  [
    'other conditions',
    'conflicting-rules',
    denyList(
      when(refuse('mkdir'), arg(1, 'EQ', 7)),
      when({ names: ['mkdir'], action: 'SCMP_ACT_KILL' }, arg(1, 'EQ', 8)),
    ),
    [],
  ],
  [
    'no conditions, two actions',
    'conflicting-rules',
    denyList(refuse('mkdir', 'rmdir'), { names: ['mkdir'], action: 'SCMP_ACT_KILL' }),
    ['warning syscalls[1] mkdir'],
  ],
  [
    'KILL and KILL_THREAD are one',
    'conflicting-rules',
    denyList({ names: ['mkdir'], action: 'SCMP_ACT_KILL' }, { names: ['mkdir'], action: 'SCMP_ACT_KILL_THREAD' }),
    [],
  ],
  [
    'one of the two is the default',
    'conflicting-rules',
    denyList(when(refuse('mkdir'), arg(1, 'EQ', 7)), when(allow('mkdir'), arg(1, 'EQ', 7))),
    [],
  ],

  ['an action that is the default', 'rule-without-effect', allowList(refuse('mkdir')), ['info syscalls[0] mkdir']],
  [
    'another error number is not the default',
    'rule-without-effect',
    allowList({ ...refuse('mkdir'), errnoRet: 2 }),
    [],
  ],
  [
    'the default for a call that another rule allows',
    'rule-without-effect',
    allowList(refuse('mkdir'), when(allow('mkdir'), arg(1, 'EQ', 7))),
    ['warning syscalls[0] mkdir'],
  ],
  [
    'conditions under an unconditional rule',
    'rule-without-effect',
    denyList(refuse('mkdir'), when({ names: ['mkdir'], action: 'SCMP_ACT_KILL' }, arg(1, 'EQ', 7))),
    ['warning syscalls[1] mkdir'],
  ],
  [
    'and in the other order',
    'rule-without-effect',
    denyList(when({ names: ['mkdir'], action: 'SCMP_ACT_KILL' }, arg(1, 'EQ', 7)), refuse('mkdir')),
    ['warning syscalls[0] mkdir'],
  ],
  [
    'the same rule twice',
    'rule-without-effect',
    allowList(allow('mkdir', 'rmdir'), allow('mkdir')),
    ['info syscalls[1] mkdir'],
  ],
  [
    'the same conditions twice',
    'rule-without-effect',
    allowList(when(allow('mkdir'), arg(1, 'EQ', 7)), when(allow('mkdir'), arg(1, 'EQ', 7))),
    ['info syscalls[1] mkdir'],
  ],

  [
    'conditions on which libseccomp never ends',
    'libseccomp-filter',
    denyList(
      when(refuse('mkdir'), arg(0, 'GT', 5), arg(1, 'EQ', 1)),
      when(refuse('mkdir'), arg(0, 'GT', 5), arg(2, 'EQ', 1)),
    ),
    ['error syscalls[1] mkdir'],
  ],
  [
    'fewer conditions and another action after more',
    'libseccomp-filter',
    denyList(
      when(refuse('mkdir'), arg(0, 'EQ', 1), arg(1, 'EQ', 2)),
      when({ names: ['mkdir'], action: 'SCMP_ACT_KILL' }, arg(0, 'EQ', 1)),
    ),
    ['error syscalls[1] mkdir'],
  ],
  [
    'a conflict that another rule names',
    'libseccomp-filter',
    denyList(
      when(refuse('mkdir'), arg(1, 'EQ', 7)),
      when({ names: ['mkdir'], action: 'SCMP_ACT_KILL' }, arg(1, 'EQ', 7)),
    ),
    [],
  ],
  [
    'a filter that looks at nothing on aarch64',
    'libseccomp-filter',
    denyList(refuse('open'), when(refuse('socket'), arg(0, 'EQ', 38))),
    ['warning syscalls'],
    { ...CRUN, architectures: ['SCMP_ARCH_AARCH64'] },
  ],
  [
    'the same on x86_64',
    'libseccomp-filter',
    denyList(refuse('open'), when(refuse('socket'), arg(0, 'EQ', 38))),
    [],
    CRUN,
  ],
  [
    'very many conditions',
    'libseccomp-filter',
    denyList(...Array.from({ length: 30 }, (_, at) => when(refuse('mkdir'), arg(0, 'EQ', at)))),
    ['info syscalls'],
  ],
  [
    'a number above six arguments',
    'argument-index',
    allowList(when(allow('mkdir'), arg(6, 'EQ', 1))),
    ['error syscalls[0].args[0] mkdir'],
  ],
  ['the sixth argument', 'argument-index', allowList(when(allow('mkdir'), arg(5, 'EQ', 1))), []],

  [
    '4095 is too large',
    'errno-range',
    allowList({ ...refuse('mkdir'), errnoRet: 4095 }),
    ['error syscalls[0].errnoRet mkdir'],
  ],
  ['4094 is not', 'errno-range', allowList({ ...refuse('mkdir'), errnoRet: 4094 }), []],
  [
    '0 fakes success',
    'errno-range',
    allowList({ ...refuse('mkdir'), errnoRet: 0 }),
    ['warning syscalls[0].errnoRet mkdir'],
  ],
  [
    'a number with ALLOW',
    'errno-range',
    { ...denyList(refuse('mkdir')), defaultErrnoRet: 1 },
    ['error defaultErrnoRet'],
  ],

  ['NOTIFY as default', 'notify', { defaultAction: 'SCMP_ACT_NOTIFY' }, ['error defaultAction']],
  [
    'NOTIFY on write',
    'notify',
    { ...denyList({ names: ['write', 'mkdir'], action: 'SCMP_ACT_NOTIFY' }), listenerPath: '/run/agent.sock' },
    ['error syscalls[0] write'],
  ],
  [
    'NOTIFY without a listener',
    'notify',
    denyList({ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }),
    ['error syscalls[0] mkdir'],
  ],
  [
    'NOTIFY with a listener',
    'notify',
    { ...denyList({ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }), listenerPath: '/run/agent.sock' },
    [],
  ],
  [
    'a listener without NOTIFY',
    'notify',
    { ...denyList(refuse('mkdir')), listenerPath: '/run/agent.sock' },
    ['warning listenerPath'],
  ],

  ['flags on runc 1.1', 'flags', { ...allowList(), flags: ['SECCOMP_FILTER_FLAG_LOG'] }, ['error flags'], RUNC_1_1],
  ['flags on runc 1.5', 'flags', { ...allowList(), flags: ['SECCOMP_FILTER_FLAG_LOG'] }, [], RUNC_1_5],
  [
    'WAIT_KILLABLE_RECV on runc with an old libseccomp',
    'flags',
    { ...allowList(), flags: ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'] },
    ['error flags'],
    { ...RUNC_1_5, libseccomp: '2.5.4' },
  ],
  [
    'and with a new one',
    'flags',
    { ...allowList(), flags: ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'] },
    [],
    { ...RUNC_1_5, libseccomp: '2.6.0' },
  ],
  ['no flags at all', 'flags', { ...allowList(), flags: [] }, []],

  [
    'riscv64 by name on runc 1.1',
    'architecture-unsupported',
    { ...allowList(), architectures: ['SCMP_ARCH_RISCV64'] },
    ['error architectures'],
    { ...RUNC_1_1, architectures: ['SCMP_ARCH_RISCV64'] },
  ],
  [
    'riscv64 listed, on x86_64 nodes',
    'architecture-unsupported',
    { ...allowList(), architectures: ['SCMP_ARCH_RISCV64'] },
    [],
    RUNC_1_1,
  ],

  ['a default that kills threads', 'kill-thread', { defaultAction: 'SCMP_ACT_KILL' }, ['warning defaultAction']],
  ['a default that kills processes', 'kill-thread', { defaultAction: 'SCMP_ACT_KILL_PROCESS' }, []],

  ['clone3 gets EPERM', 'clone3-eperm', allowList(allowAllBut('clone3')), ['warning defaultAction clone3']],
  ['clone3 gets ENOSYS', 'clone3-eperm', allowList(allowAllBut('clone3'), { ...refuse('clone3'), errnoRet: 38 }), []],
  ['runc answers ENOSYS above the highest call named', 'clone3-eperm', allowList(allow('read')), [], RUNC_1_5],
  ['crun does not', 'clone3-eperm', allowList(allow('read')), ['warning defaultAction clone3'], CRUN],
  ['clone3 refused by name', 'clone3-eperm', denyList(refuse('clone3')), ['warning syscalls[0] clone3']],

  ['a letter too many', 'unknown-syscall', allowList(allow('openatt')), ['warning syscalls[0] openatt']],
  ['a call of another architecture is known', 'unknown-syscall', allowList(allow('socketcall', 'set_tls')), []],

  [
    'a call that libseccomp does not know yet',
    'newer-than-node',
    allowList(allow('mseal', 'read')),
    ['warning syscalls[0] mseal'],
    { libseccomp: '2.5.4' },
  ],
  [
    'a call that the kernel does not have yet',
    'newer-than-node',
    allowList(allow('mseal', 'read')),
    ['info syscalls[0] mseal'],
    { kernel: '6.1.0-18-amd64' },
  ],
  ['both are new enough', 'newer-than-node', allowList(allow('mseal')), [], { kernel: '6.12', libseccomp: '2.6.0' }],

  ['a deny list with ways round', 'deny-list-fails-open', denyList(refuse('mount')), ['warning syscalls[0] mount']],
  [
    'a deny list that names them',
    'deny-list-fails-open',
    denyList(refuse('mount', 'fsmount', 'move_mount', 'open_tree', 'mount_setattr'), refuse('open_tree_attr')),
    ['info defaultAction open_tree_attr'],
  ],
  [
    'a deny list with calls too new for libseccomp',
    'deny-list-fails-open',
    denyList(refuse('futex_waitv')),
    ['info defaultAction futex_waitv'],
  ],
  [
    'and a libseccomp that knows them',
    'deny-list-fails-open',
    denyList(refuse('futex_waitv')),
    [],
    { libseccomp: '2.6.0' },
  ],
  ['an allow list does not fail open', 'deny-list-fails-open', allowList(allow('read')), []],

  [
    'two conditions on one argument',
    'repeated-argument',
    allowList(when(allow('mkdir'), arg(1, 'GE', 1), arg(1, 'LE', 7))),
    ['warning syscalls[0].args[1] mkdir'],
  ],
  [
    'two conditions on two arguments',
    'repeated-argument',
    allowList(when(allow('mkdir'), arg(0, 'GE', 1), arg(1, 'LE', 7))),
    [],
  ],

  [
    'less than zero',
    'constant-condition',
    allowList(when(allow('mkdir'), arg(1, 'LT', 0))),
    ['warning syscalls[0].args[0] mkdir'],
  ],
  [
    'at least zero',
    'constant-condition',
    allowList(when(allow('mkdir'), arg(1, 'GE', 0))),
    ['warning syscalls[0].args[0] mkdir'],
  ],
  [
    'more than all',
    'constant-condition',
    allowList(when(allow('mkdir'), arg(1, 'GT', '18446744073709551615'))),
    ['warning syscalls[0].args[0] mkdir'],
  ],
  [
    'bits outside of the mask',
    'constant-condition',
    allowList(when(allow('mkdir'), arg(1, 'MASKED_EQ', 1, 2))),
    ['warning syscalls[0].args[0] mkdir'],
  ],
  [
    'a mask of nothing',
    'constant-condition',
    allowList(when(allow('mkdir'), arg(1, 'MASKED_EQ', 0))),
    ['warning syscalls[0].args[0] mkdir'],
  ],
  ['the usual mask', 'constant-condition', allowList(when(allow('clone'), arg(0, 'MASKED_EQ', 2114060288))), []],

  [
    'the thread id of tgkill',
    'signal-argument',
    allowList(when(allow('kill', 'tgkill'), arg(1, 'GT', 0))),
    ['warning syscalls[0].args[0] tgkill'],
  ],
  ['the signal of tgkill', 'signal-argument', allowList(when(allow('tgkill'), arg(2, 'GT', 0))), []],

  [
    'AT_FDCWD in 64 bits',
    'negative-int',
    allowList(when(allow('openat'), arg(0, 'EQ', '0xffffffffffffff9c'))),
    ['warning syscalls[0].args[0] openat'],
  ],
  [
    'AT_FDCWD in 32 bits',
    'negative-int',
    allowList(when(allow('openat'), arg(0, 'EQ', 4294967196))),
    ['warning syscalls[0].args[0] openat'],
  ],
  [
    'AT_FDCWD, its low half',
    'negative-int',
    allowList(when(allow('openat'), arg(0, 'MASKED_EQ', '0xffffffff', '0xffffff9c'))),
    [],
  ],
  ['the number of an ioctl', 'negative-int', allowList(when(allow('ioctl'), arg(1, 'EQ', 0xc0045405))), []],

  [
    'a path',
    'pointer-argument',
    allowList(when(allow('openat'), arg(1, 'EQ', 4096))),
    ['warning syscalls[0].args[0] openat'],
  ],
  ['whether there is a path', 'pointer-argument', allowList(when(allow('openat'), arg(1, 'NE', 0))), []],

  [
    'clone guarded and clone3 open',
    'clone-flags',
    allowList(when(allow('clone'), arg(0, 'MASKED_EQ', 2114060288)), allow('clone3')),
    ['warning syscalls[0] clone clone3'],
  ],
  [
    'clone guarded on s390x by the wrong argument',
    'clone-flags',
    allowList(when(allow('clone'), arg(0, 'MASKED_EQ', 2114060288))),
    ['warning syscalls[0].args[0] clone'],
    { architectures: ['SCMP_ARCH_S390X'] },
  ],
  ['clone guarded', 'clone-flags', allowList(when(allow('clone'), arg(0, 'MASKED_EQ', 2114060288))), []],

  [
    'a wide value with i386 listed',
    'wide-value',
    { ...allowList(when(allow('mkdir'), arg(1, 'EQ', 2 ** 33))), architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] },
    ['info syscalls[0].args[0] mkdir'],
  ],
  ['a wide value on 64 bits alone', 'wide-value', allowList(when(allow('mkdir'), arg(1, 'EQ', 2 ** 33))), []],

  ['stat without newfstatat', 'successor-missing', allowList(allow('stat')), ['info syscalls newfstatat']],
  [
    'stat without newfstatat, on aarch64',
    'successor-missing',
    allowList(allow('stat')),
    ['warning syscalls newfstatat'],
    { architectures: ['SCMP_ARCH_AARCH64'] },
  ],
  ['stat with statx', 'successor-missing', allowList(allow('stat', 'statx')), []],

  ['32-bit programs are killed', 'architecture-gap', allowList(), ['info architectures']],
  [
    '32-bit programs cannot start',
    'architecture-gap',
    { ...allowList(allow('read')), architectures: ['SCMP_ARCH_X86'] },
    ['info architectures set_thread_area'],
  ],
  [
    '32-bit programs start',
    'architecture-gap',
    { ...allowList(allow('set_thread_area')), architectures: ['SCMP_ARCH_X86'] },
    [],
  ],

  ['uretprobe', 'never-filtered', allowList(allow('uretprobe')), ['info syscalls[0] uretprobe']],

  ['ptrace allowed', 'dangerous-allow', allowList(allow('ptrace', 'read')), ['warning syscalls[0] ptrace']],
  ['a call that also needs a capability', 'dangerous-allow', allowList(allow('reboot')), ['info syscalls[0] reboot']],
  ['ptrace allowed under conditions', 'dangerous-allow', allowList(when(allow('ptrace'), arg(0, 'EQ', 0))), []],

  ['two rules that could be one', 'smaller-equivalent', allowList(allow('read'), allow('write')), ['info syscalls[1]']],
  [
    'the same action with another number',
    'smaller-equivalent',
    allowList({ ...refuse('read'), errnoRet: 2 }, { ...refuse('write'), errnoRet: 3 }),
    [],
  ],
];

describe('the rules of the linter', () => {
  for (const [what, rule, spec, expected, target] of CASES) {
    it(`${rule}: ${what}`, () => {
      expect(found(rule, spec, target)).to.deep.equal(expected);
    });
  }
});

describe('what the linter says', () => {
  it('offers what was probably meant', () => {
    const guesses = ['opneat', '__NR_mkdir', ' MKDIR', 'getrandm', 'zzzzzz', 'sys_read', 'epol_wait'].map(name => {
      const [finding] = findings('unknown-syscall', allowList(allow(name)));
      return finding?.fix;
    });
    expect(guesses).to.deep.equal([
      'Write openat.',
      'Write mkdir.',
      'Write mkdir.',
      'Write getrandom.',
      'Correct the name, or remove it. Names are those of syscalls(2).',
      'Write read.',
      'Write epoll_wait.',
    ]);
  });

  it('puts errors first', () => {
    const order = lint(allowList(allow('ptrace', 'openatt')), DEFAULT_TARGET).map(({ severity }) => severity);
    expect(order).to.deep.equal([...order].sort((a, b) => 'ewi'.indexOf(a.charAt(0)) - 'ewi'.indexOf(b.charAt(0))));
    expect(order).to.include('error');
  });

  it('has a fix for everything, and a place in the documentation', () => {
    for (const [, , spec, , target] of CASES) {
      for (const { rule, message, fix, docs } of lint(spec, { ...DEFAULT_TARGET, ...target })) {
        expect(message).to.not.equal('');
        expect(fix, message).to.match(/\.$/);
        expect(docs).to.equal(`docs/lint.md#${rule}`);
      }
    }
  });

  it('explains each rule in docs/lint.md', () => {
    const headings = [...readFileSync('docs/lint.md', 'utf8').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).to.have.members(RULES.map(({ id }) => id));
  });

  it('tries each rule', () => {
    expect([...new Set(CASES.map(([, rule]) => rule))]).to.have.members(RULES.map(({ id }) => id));
  });
});
