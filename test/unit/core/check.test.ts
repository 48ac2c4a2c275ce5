import { expect } from 'chai';
import type { SeccompProfileSpec } from '../../../src/core/api/seccomp-profile.ts';
import { checkTrace, conditionedArguments, outcomesOf } from '../../../src/core/check/check.ts';
import { buildFilter } from '../../../src/core/simulate/filter.ts';
import { TraceCollector } from '../../../src/core/trace/trace.ts';

const SPEC: SeccompProfileSpec = {
  defaultAction: 'SCMP_ACT_ERRNO',
  architectures: ['SCMP_ARCH_X86_64'],
  syscalls: [
    { names: ['read', 'execve', 'exit_group'], action: 'SCMP_ACT_ALLOW' },
    { names: ['write'], action: 'SCMP_ACT_LOG' },
    { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
    { names: ['openat'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 0xffffff9c, op: 'SCMP_CMP_EQ' }] },
    {
      names: ['dup2'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: 0xffffffff, valueTwo: 0xffffffff, op: 'SCMP_CMP_MASKED_EQ' }],
    },
  ],
};

function check(text: string) {
  const collector = new TraceCollector({ machine: 'SCMP_ARCH_X86_64', wanted: conditionedArguments(SPEC) });
  collector.add('trace', text.split('\n'));
  const filter = buildFilter(SPEC, { native: 'SCMP_ARCH_X86_64', runtime: { name: 'crun' } });
  const checked = checkTrace(filter, collector.trace());
  return checked.refused.map(each => [
    each.use.name,
    each.use.count,
    each.use.line,
    each.isSure,
    outcomesOf(each)
      .map(({ action }) => action.replace('SCMP_ACT_', ''))
      .join(),
  ]);
}

describe('a trace that is put to a profile', () => {
  it('has nothing refused where all is allowed, or allowed and logged', () => {
    expect(check('read(0, "", 1) = 0\nwrite(1, "", 1) = 1')).to.deep.equal([]);
  });

  it('has what is refused named, with how often and where', () => {
    expect(check('read(0, "", 1) = 0\nmkdir("x", 0700) = 0\nmkdir("y", 0700) = 0')).to.deep.equal([
      ['mkdir', 2, 2, true, 'ERRNO'],
    ]);
  });

  it('is told apart by the arguments that the profile looks at', () => {
    const text =
      'socket(AF_UNIX, SOCK_DGRAM, 0) = 3\nsocket(AF_INET, SOCK_DGRAM, 0) = 3\nsocket(AF_INET, SOCK_STREAM, 0) = 3';
    expect(check(text)).to.deep.equal([['socket', 2, 2, true, 'ERRNO']]);
  });

  it('leaves open what the trace does not show', () => {
    expect(check('socket(AF_WHATEVER, SOCK_DGRAM, 0) = 3')).to.deep.equal([['socket', 1, 1, false, 'ERRNO,ALLOW']]);
  });

  it('takes a negative int in both forms that compilers give it', () => {
    expect(check('openat(AT_FDCWD, "x", O_RDONLY) = 3')).to.deep.equal([['openat', 1, 1, false, 'ERRNO,ALLOW']]);
    expect(check('openat(-100, "x", O_RDONLY) = 3')).to.deep.equal([['openat', 1, 1, false, 'ERRNO']]);
    expect(check('dup2(-1, 3) = -1 EBADF (Bad file descriptor)')).to.deep.equal([]);
  });

  it('knows that programs of an architecture that is not listed are killed', () => {
    const text = 'execve("/x", [], 0x1) = 0\nmmap2(NULL, 1, PROT_READ, MAP_PRIVATE, 3, 0) = 0x1\nread(0, "", 1) = 0';
    expect(check(text)).to.deep.equal([
      ['mmap2', 1, 2, true, 'KILL_THREAD'],
      ['read', 1, 3, true, 'KILL_THREAD'],
    ]);
  });
});
