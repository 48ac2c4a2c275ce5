import { expect } from 'chai';
import { TraceCollector, type TraceOptions } from '../../../../src/core/trace/trace.ts';

const RECORD =
  'audit: type=1326 audit(1795562895.850:3): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=30927 comm="mkdir" exe="/bin/busybox" sig=31 arch=c000003e syscall=83 compat=0 ip=0x7f2df63e9f37 code=0x80000000';

function collect(files: Record<string, string>, options: Partial<TraceOptions> = {}) {
  const collector = new TraceCollector({ machine: 'SCMP_ARCH_X86_64', ...options });
  for (const [file, text] of Object.entries(files)) collector.add(file, text.split('\n'));
  return collector.trace();
}

describe('traces that are gathered', () => {
  it('are one list, with how often and where a call was seen first', () => {
    const { calls } = collect({
      'one.log': 'read(3, "", 1) = 0\nclose(3) = 0',
      'two.log': '5 close(3) = 0\n5 getpid() = 5',
    });
    expect(calls.map(({ name, count, file, line, pid }) => [name, count, file, line, pid])).to.deep.equal([
      ['close', 2, 'one.log', 2, undefined],
      ['getpid', 1, 'two.log', 2, 5],
      ['read', 1, 'one.log', 1, undefined],
    ]);
  });

  it('tell arguments apart only where asked', () => {
    const text =
      'socket(AF_INET, SOCK_STREAM, 0) = 3\nsocket(AF_INET, SOCK_DGRAM, 0) = 3\nsocket(AF_UNIX, SOCK_DGRAM, 0) = 3';
    expect(collect({ a: text }).calls.map(({ count }) => count)).to.deep.equal([3]);
    const { calls } = collect({ a: text }, { wanted: name => (name === 'socket' ? [0] : []) });
    expect(calls.map(({ args, count }) => [[...args], count])).to.deep.equal([
      [[[0, 2n]], 2],
      [[[0, 1n]], 1],
    ]);
  });

  it('may be audit records, in the forms of the kernel log and of auditd, among other lines', () => {
    const log = [
      'Linux version 6.18',
      `[  900.349346] ${RECORD}`,
      `${RECORD.replace('audit: type=1326 audit(', 'type=SECCOMP msg=audit(')}\u001dARCH=x86_64 SYSCALL=mkdir`,
      RECORD.replace('c000003e', '40000003').replace('syscall=83', 'syscall=39'),
      RECORD.replace('syscall=83', `syscall=${0x40000000 + 83}`),
      RECORD.replace('syscall=83', 'syscall=9999'),
      RECORD.replace('comm="mkdir"', 'comm="other"').replace('syscall=83', 'syscall=1'),
    ].join('\n');
    const { calls, unknown, files } = collect({ log }, { comm: 'mkdir' });
    expect(calls.map(({ arch, name, count, line }) => [arch, name, count, line])).to.deep.equal([
      ['SCMP_ARCH_X32', 'mkdir', 1, 5],
      ['SCMP_ARCH_X86', 'mkdir', 1, 4],
      ['SCMP_ARCH_X86_64', 'mkdir', 2, 2],
    ]);
    expect(unknown.map(({ name }) => name)).to.deep.equal(['syscall_0x270f']);
    expect(files).to.deep.equal([{ file: 'log', calls: 5, unread: [], unreadCount: 0, lost: false }]);
  });

  it('say where the kernel dropped records', () => {
    const lost = 'kauditd_printk_skb: 12 callbacks suppressed';
    expect(collect({ log: `${lost}\n${RECORD}` }).files[0]?.lost).to.equal(true);
  });

  it('say which lines mean nothing', () => {
    const [file] = collect({ log: 'hello\nclose(1) = 0\nprintf(1) = 0' }).files;
    expect(file).to.deep.include({ calls: 1, unreadCount: 2 });
    expect(file?.unread).to.deep.equal([
      { line: 1, text: 'hello' },
      { line: 3, text: 'printf(...)' },
    ]);
  });
});
