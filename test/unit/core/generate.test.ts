import { expect } from 'chai';
import { wantedArguments } from '../../../src/core/generate/argument-rules.ts';
import { type GenerateOptions, generate } from '../../../src/core/generate/generate.ts';
import { runtimeGroup } from '../../../src/core/generate/runtime-calls.ts';
import { TraceCollector } from '../../../src/core/trace/trace.ts';

const OPTIONS: GenerateOptions = {
  runtime: 'crun',
  noNewPrivileges: true,
  arguments: false,
  defaultAction: 'SCMP_ACT_ERRNO',
};

function made(text: string, options: Partial<GenerateOptions> = {}) {
  const collector = new TraceCollector({ machine: 'SCMP_ARCH_X86_64', wanted: wantedArguments });
  collector.add('trace', text.split('\n'));
  return generate(collector.trace(), { ...OPTIONS, ...options });
}
const ruleFor = (name: string, { spec }: ReturnType<typeof made>) =>
  spec.syscalls?.filter(({ names }) => names.includes(name)).map(({ args }) => args);

describe('a profile made of traces', () => {
  it('allows what was seen, and nothing twice', () => {
    const { spec } = made('execve("/x", [], 0x1) = 0\nread(0, "", 1) = 0\nread(0, "", 1) = 0\nexit_group(0) = ?');
    expect(spec.syscalls?.[0]).to.deep.equal({
      names: ['execve', 'exit_group', 'read'],
      action: 'SCMP_ACT_ALLOW',
    });
    const all = spec.syscalls?.flatMap(({ names }) => names) ?? [];
    expect(new Set(all).size).to.equal(all.length);
    expect(spec).to.deep.include({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      architectures: ['SCMP_ARCH_X86_64'],
    });
  });

  it('has what traces do not show: the end of a program, signals, time without the vDSO', () => {
    const all = made('read(0, "", 1) = 0').spec.syscalls?.flatMap(({ names }) => names);
    expect(all).to.include.members(['exit', 'exit_group', 'rt_sigreturn', 'restart_syscall', 'clock_gettime', 'time']);
    expect(all).to.not.include('sigreturn');
  });

  it('has what the runtime needs, by runtime and privilege setting', () => {
    for (const runtime of ['runc', 'crun', 'any'] as const) {
      for (const noNewPrivileges of [true, false]) {
        const { names } = runtimeGroup({ runtime, noNewPrivileges });
        const all = made('read(0, "", 1) = 0', { runtime, noNewPrivileges }).spec.syscalls?.flatMap(each => each.names);
        expect(all)
          .to.include.members([...names])
          .and.include('execve');
        expect(names.includes('capset'), `${runtime} ${noNewPrivileges}`).to.equal(!noNewPrivileges);
        expect(names.includes('fstatfs')).to.equal(runtime !== 'crun');
      }
    }
  });

  it('has the calls of 32-bit programs, also those that socketcall and ipc stand for', () => {
    const trace = [
      '1 execve("/x", [], 0x1) = 0',
      '1 mmap2(NULL, 1, PROT_READ, MAP_PRIVATE, 3, 0) = 0x1',
      '1 socket(AF_INET, SOCK_STREAM, 0) = 3',
      '1 semget(1, 2, 3) = 0',
    ];
    const { spec } = made(trace.join('\n'));
    expect(spec.architectures).to.deep.equal(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']);
    expect(spec.syscalls?.[0]?.names).to.include.members(['mmap2', 'socket', 'socketcall', 'semget', 'ipc']);
    expect(spec.syscalls?.flatMap(({ names }) => names)).to.include('sigreturn');
  });

  it('says with another default action what that one says', () => {
    const { spec } = made('read(0, "", 1) = 0', { defaultAction: 'SCMP_ACT_KILL_PROCESS', mode: 'Audit' });
    expect(spec).to.deep.include({ defaultAction: 'SCMP_ACT_KILL_PROCESS', mode: 'Audit' });
    expect(spec).to.not.have.property('defaultErrnoRet');
    expect(spec.syscalls?.at(-1)).to.deep.equal({ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 });
  });
});

describe('conditions on arguments', () => {
  const withArguments = (text: string, options: Partial<GenerateOptions> = {}) =>
    made(text, { arguments: true, ...options });

  it('are the values that were seen', () => {
    const profile = withArguments('socket(AF_INET, SOCK_STREAM, 0) = 3\nsocket(AF_UNIX, SOCK_DGRAM, 0) = 3');
    expect(ruleFor('socket', profile)).to.deep.equal([
      [
        { index: 0, value: 1, op: 'SCMP_CMP_EQ' },
        { index: 0, value: 2, op: 'SCMP_CMP_EQ' },
      ],
    ]);
    expect(profile.comments).to.include('socket with argument 0 = AF_UNIX, AF_INET.');
  });

  it('leave out the upper half where compilers differ in it', () => {
    const profile = withArguments('ioctl(3, 0x80045430 /* TIOCGPTN */, 0x7f) = 0');
    expect(ruleFor('ioctl', profile)).to.deep.equal([
      [{ index: 1, value: 0xffffffff, valueTwo: 0x80045430, op: 'SCMP_CMP_MASKED_EQ' }],
    ]);
  });

  it('on clone refuse new namespaces', () => {
    expect(ruleFor('clone', withArguments('clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD) = 7'))).to.deep.equal([
      [{ index: 0, value: 2114060288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    ]);
  });

  const WITHOUT: [string, string, string, Partial<GenerateOptions>][] = [
    ['clone', 'clone(child_stack=NULL, flags=CLONE_NEWNS|SIGCHLD) = 7', 'the program makes namespaces with it', {}],
    [
      'clone',
      'clone(child_stack=NULL, flags=SIGCHLD) = 7\nclone3({}, 88) = 8',
      'clone3 does the same, and its flags are in memory',
      {},
    ],
    ['socket', 'socket(AF_WHATEVER, SOCK_STREAM, 0) = 3', 'the traces do not show the argument as a number', {}],
    ['prctl', 'prctl(PR_SET_NAME, "x") = 0', 'the runtime calls it too', { noNewPrivileges: false }],
    ['ioctl', Array.from({ length: 17 }, (_, at) => `ioctl(0, ${at}, 0) = 0`).join('\n'), '17 values were seen', {}],
    [
      'socket',
      'execve("/x", [], 0x1) = 0\nmmap2(NULL, 1, PROT_READ, MAP_PRIVATE, 3, 0) = 0x1\nsocket(AF_INET, SOCK_STREAM, 0) = 3',
      'a 32-bit program can call it through socketcall, whose arguments are in memory',
      {},
    ],
  ];
  for (const [name, text, why, options] of WITHOUT) {
    it(`there are none on ${name} where ${why}`, () => {
      const profile = withArguments(text, options);
      expect(profile.unconditional).to.deep.equal([{ name, why }]);
      expect(ruleFor(name, profile)).to.deep.equal([undefined]);
    });
  }
});
