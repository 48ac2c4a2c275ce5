import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { TracedCall } from '../../../../src/core/trace/call.ts';
import { tableName } from '../../../../src/core/trace/machine.ts';
import { StraceReader } from '../../../../src/core/trace/strace.ts';

const read = (text: string) => {
  const reader = new StraceReader('SCMP_ARCH_X86_64');
  const calls = text.split('\n').flatMap(line => reader.read(line));
  return { calls: [...calls, ...reader.end()], reader };
};
/** Traces that strace 6.1 made of test/support/traced. */
const trace = (name: string) => readFileSync(new URL(`traces/${name}.strace`, import.meta.url), 'utf8').trimEnd();
const names = (calls: readonly TracedCall[]) => calls.map(({ name }) => name);
const only = (line: string): TracedCall => {
  const { calls } = read(line);
  expect(calls, line).to.have.lengthOf(1);
  return calls[0] as TracedCall;
};
const counts = (calls: readonly TracedCall[]) => {
  const sums: Record<string, number> = {};
  for (const { name, count, image } of calls) {
    const key = `${image.arch === 'SCMP_ARCH_X86' ? '32 bit ' : ''}${tableName('SCMP_ARCH_X86_64', name)}`;
    sums[key] = (sums[key] ?? 0) + count;
  }
  return sums;
};

describe('a trace of strace', () => {
  const FORMS = [
    'attached',
    'both',
    'columns',
    'decorated',
    'execthread',
    'file-32-bit',
    'one-process',
    'plain',
    'refused-0x30000',
    'refused-0x50001',
    'refused-0x80000000',
    'stack',
    'tables',
    'terminal-32-bit',
    'terminal',
    'trapped',
    'verbose',
  ];
  for (const form of FORMS) {
    it(`is understood to the last line: ${form}`, () => {
      const { calls, reader } = read(trace(form));
      expect(reader.unread, form).to.deep.equal([]);
      expect(calls).to.not.have.lengthOf(0);
    });
  }

  it('counts what strace itself counts: the calls of -C are as many as its table says', () => {
    const text = trace('both');
    const at = text.indexOf('% time');
    // The table lacks what never returns, and numbers without a name.
    const { exit, exit_group, syscall_0x1f4, ...calls } = counts(read(text.slice(0, at)).calls);
    expect({ exit, exit_group, syscall_0x1f4 }).to.deep.equal({ exit: 2, exit_group: 2, syscall_0x1f4: 1 });
    expect(calls).to.deep.equal(counts(read(text.slice(at)).calls));
    expect(counts(read(text).calls), 'none is counted twice').to.include(calls);
  });

  it('shows the same calls on a terminal, in a file, and decorated', () => {
    const plain = counts(read(trace('plain')).calls);
    // These depend on who is faster.
    const { futex: _f, clock_nanosleep: _c, poll: _p, rt_sigreturn: _r, wait4: _w, ...steady } = plain;
    for (const form of ['terminal', 'decorated', 'verbose']) {
      expect(counts(read(trace(form)).calls), form).to.include(steady);
    }
  });

  it('tells 32-bit programs: where strace says so, where only their calls do, and in tables', () => {
    for (const form of ['terminal-32-bit', 'file-32-bit', 'tables']) {
      const found = counts(read(trace(form)).calls);
      expect(found, form).to.not.have.property('32 bit execve');
      expect(found, form).to.include({ '32 bit mmap2': 9, '32 bit openat': 3, openat: 7, execve: 4 });
    }
  });
});

describe('a line of strace', () => {
  it('has the call with its arguments, result, error and pid', () => {
    const { image: _, ...call } = only(
      '[pid  4711] openat(AT_FDCWD, "/etc/ld.so.preload", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)',
    );
    expect(call).to.deep.equal({
      line: 1,
      pid: 4711,
      name: 'openat',
      args: ['AT_FDCWD', '"/etc/ld.so.preload"', 'O_RDONLY|O_CLOEXEC'],
      result: '-1',
      error: 'ENOENT',
      count: 1,
    });
  });

  it('may hold parentheses, equal signs, commas and escapes in strings, paths and comments', () => {
    expect(only(String.raw`write(3, ") = 0\n\"x\", \\ {", 14)      = 14`).args).to.deep.equal([
      '3',
      String.raw`") = 0\n\"x\", \\ {"`,
      '14',
    ]);
    const path = String.raw`3</tmp/a) = 0, \"q\"\74x\76\n.txt>`;
    expect(only(`fsync(${path})  = 0`).args).to.deep.equal([path]);
    expect(only('close(4<TCP:[127.0.0.1:80->127.0.0.1:5000]>) = 0').args).to.have.lengthOf(1);
    expect(only('sendto(4<UNIX-DGRAM:[1->2, "/a) = 0, b"]>, "x", 1, 0, NULL, 0) = 1').args).to.have.lengthOf(6);
    expect(only('ioctl(0</dev/null<char 1:3>>, TIOCGWINSZ, 0x7ffe) = -1 ENOTTY (x)').args).to.have.lengthOf(3);
    expect(
      only('mmap(NULL, 2097152, PROT_READ, MAP_HUGETLB|21<<MAP_HUGE_SHIFT, -1, 0) = 0x7f00').args,
    ).to.have.lengthOf(6);
    expect(only('execve("./a", ["./a", "(["], 0x7ffe /* 3 vars, ) */) = 0').args).to.have.lengthOf(3);
    expect(only('close(3</tmp/x>(deleted)) = 0').args).to.have.lengthOf(1);
  });

  const RESULTS: [string, string, string | undefined][] = [
    ['= 0', '0', undefined],
    ['= ?', '?', undefined],
    ['= 0x7f36f4dc0000', '0x7f36f4dc0000', undefined],
    ['= ? ERESTARTSYS (To be restarted if SA_RESTART is set)', '?', 'ERESTARTSYS'],
    ['= ? <unavailable>', '?', undefined],
    ['= 3</etc/ld.so.cache> <0.000009>', '3', undefined],
    ['= 1 ([{fd=3, revents=POLLIN}]) <0.1>', '1', undefined],
    ['= 0 (Timeout)', '0', undefined],
    ['= 0 (0 /* PER_LINUX */)', '0', undefined],
    ['= 0x8002 (flags O_RDWR|O_LARGEFILE)', '0x8002', undefined],
    ['= -1 EPERM (Operation not permitted) (INJECTED)', '-1', 'EPERM'],
    ['= -1 (errno 38)', '-1', undefined],
    ['= 83', '83', undefined],
  ];
  for (const [text, result, error] of RESULTS) {
    it(`ends ${text}`, () => {
      expect(only(`poll(0x7ffe, 1, 5)   ${text}`)).to.include({ result, error });
    });
  }

  const LEADERS: [string, number | undefined][] = [
    ['', undefined],
    ['[pid 30845] ', 30845],
    ['[pid    45<a b>] ', 45],
    ['123   ', 123],
    ['30878<many> ', 30878],
    ['12:34:56 ', undefined],
    ['12:34:56.123456 ', undefined],
    ['1700000000.123456 ', undefined],
    ['1700000000 ', undefined],
    ['     0.000123 ', undefined],
    ['77 23:28:15.496672 (+     0.000000) [ 257] [00007fa1741ccad7] ', 77],
    ['[   3] ', undefined],
    ['[f7fc2549] ', undefined],
    ['[0000000000401234] ', undefined],
    ['\u001b[36m12\u001b[0m ', 12],
  ];
  for (const [leader, pid] of LEADERS) {
    it(`may begin with ${JSON.stringify(leader)}`, () => {
      expect(only(`${leader}close(3) = 0`)).to.include({ pid, name: 'close' });
    });
  }

  it('may name a number that strace has no name for', () => {
    expect(only('syscall_0x1f4(0x1, 0x2, 0x3) = -1 ENOSYS (Function not implemented)').name).to.equal('syscall_0x1f4');
  });

  it('may say which call is resumed: both were made', () => {
    const { calls } = read('restart_syscall(<... resuming interrupted nanosleep ...>) = 0');
    expect(names(calls)).to.deep.equal(['restart_syscall', 'nanosleep']);
  });

  it('is no call when the program printed it', () => {
    const text = [
      'hello',
      'f(1) = 2',
      'read the manual (twice) = 0',
      'read(',
      'read(1) and so on',
      'open(1) = yes',
      '% time',
      '',
    ];
    const { calls, reader } = read(text.join('\n'));
    expect(calls).to.deep.equal([]);
    expect(reader.unreadCount).to.equal(text.length);
  });
});

describe('a call that others interrupt', () => {
  it('may hold calls of which strace could not read the number, since their process was killed', () => {
    const { calls, reader } = read(
      '7 close(3) = 0\n7 ???( <unfinished ...>\n7 <... ??? resumed>) = ?\n7 ????()\n7 +++ killed by SIGKILL +++',
    );
    expect(names(calls)).to.deep.equal(['close']);
    expect(reader.unreadCount).to.equal(0);
  });

  it('is one call, with the arguments of both halves', () => {
    const { calls } = read(
      [
        '10 read(3,  <unfinished ...>',
        '11 rt_sigprocmask(SIG_SETMASK, [],  <unfinished ...>',
        '10 <... read resumed>"a) = 1", 10) = 6',
        '11 <... rt_sigprocmask resumed>NULL, 8) = 0',
      ].join('\n'),
    );
    expect(calls.map(({ name, args, line, pid }) => [name, args, line, pid])).to.deep.equal([
      ['read', ['3', '"a) = 1"', '10'], 1, 10],
      ['rt_sigprocmask', ['SIG_SETMASK', '[]', 'NULL', '8'], 2, 11],
    ]);
  });

  it('may lack its beginning or its end', () => {
    expect(names(read('7 <... poll resumed>) = 1').calls)).to.deep.equal(['poll']);
    expect(names(read('7 poll(0x7ffe, 1, -1 <unfinished ...>\n7 +++ killed by SIGKILL +++').calls)).to.deep.equal([
      'poll',
    ]);
    expect(names(read('poll(0x7ffe, 1, -1 <detached ...>').calls)).to.deep.equal(['poll']);
    expect(names(read('exit(0 <unfinished ...>) = ?').calls)).to.deep.equal(['exit']);
    expect(names(read('exit(0 <unfinished ...>\n<... exit resumed>) = ?').calls)).to.deep.equal(['exit']);
  });

  it('may be a message in the middle of a line, on a terminal', () => {
    const { calls, reader } = read(
      [
        'clone3({flags=CLONE_VM|CLONE_THREAD}strace: Process 17 attached',
        ' => {parent_tid=[17]}, 88) = 17',
        'clone(child_stack=NULL, flags=SIGCHLDstrace: Process 18 attached',
        ' <unfinished ...>',
        '[pid    18] getpid() = 18',
        '[pid    16] <... clone resumed>, child_tidptr=0x7f6921100a10) = 18',
      ].join('\n'),
    );
    expect(names(calls)).to.deep.equal(['clone3', 'getpid', 'clone']);
    expect(calls.at(-1)?.args).to.deep.equal(['child_stack=NULL', 'flags=SIGCHLD', 'child_tidptr=0x7f6921100a10']);
    expect(reader.unreadCount).to.equal(0);
  });

  it('goes on under the pid of the leader when a thread execs', () => {
    const { calls } = read(trace('execthread'));
    const execs = calls.filter(({ name }) => name === 'execve');
    expect(execs.map(({ args }) => args[0])).to.deep.equal(['"./execthread"', '"/bin/true"']);
    expect(execs[1]?.pid).to.equal(execs[0]?.pid);
  });
});
