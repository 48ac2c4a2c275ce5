import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { recordOfLine } from '../../src/core/audit/record.ts';
import { allSyscallNames, isKnownSyscall } from '../../src/core/syscalls/table.ts';
import { argumentValue } from '../../src/core/trace/argument-value.ts';
import { numberInName, straceName } from '../../src/core/trace/machine.ts';
import { StraceReader } from '../../src/core/trace/strace.ts';
import { mutated, pieces, type Target, target } from './target.ts';

const TRACES = new URL('../unit/core/trace/traces/', import.meta.url);
const LINES = readdirSync(TRACES)
  .flatMap(file => readFileSync(new URL(file, TRACES), 'utf8').split('\n'))
  .filter(Boolean);

const ALPHABET = [
  ...['openat(', 'read(', 'clone(', 'clone3(', 'execve(', 'exit(', 'nonsense(', 'syscall_0x1f4(', 'restart_syscall('],
  ...[
    'AT_FDCWD',
    '"a) = 0\\"',
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    ', ',
    '<',
    '>',
    '->',
    '|',
    '/* ',
    ' */',
    '3</x>',
  ],
  ...[') = 0', ') = -1 ENOENT (No)', ') = ?', ' = ', ') = 0x7f', ' <0.000012>', ' <unfinished ...>', ' <detached ...>'],
  ...[
    '<... read resumed>',
    '<... clone resumed>',
    '<... resuming interrupted poll ...>',
    'strace: Process 17 attached',
    '\n',
  ],
  ...[
    '[pid 17] ',
    '17 ',
    '17<a> ',
    '12:34:56.123456 ',
    '(+     0.000012) ',
    '[ 257] ',
    '[00007ff0f138ec47] ',
    '\u001b[0m',
    '\r',
  ],
  ...[
    '% time     seconds  usecs/call     calls    errors syscall\n',
    '------ ----------- ----------- --------- --------- ----\n',
  ],
  ...[
    '  0.00    0.000000           0         3           read\n',
    '100.00    0.000000      0       8        2 total\n',
  ],
  ...[
    'System call usage summary for 32 bit mode:\n',
    '[ Process PID=17 runs in 32 bit mode. ]',
    '+++ exited with 0 +++',
  ],
  ...['+++ superseded by execve in pid 17 +++', '--- SIGCHLD {si_signo=SIGCHLD} ---', ' > /lib/x.so(f+0x1) [0x2]'],
  ...[
    '_IOC(_IOC_READ, 0xae, 0x5, 0x8)',
    'AF_INET',
    'flags=CLONE_VM|SIGCHLD',
    'child_stack=NULL',
    '1<<',
    '99999999999999999999',
  ],
];

/** A name is there with its parenthesis, as a resumed or interrupted call, or in a row of a table. */
const isIn = (text: string, name: string) =>
  [`${name}(`, `<... ${name} resumed>`, `interrupted ${name} `].some(each => text.includes(each)) ||
  (text.includes('syscall') && text.includes('--') && text.includes(name));

function checkTrace(text: string): void {
  const reader = new StraceReader('SCMP_ARCH_X86_64');
  const lines = text.split('\n');
  const calls = lines.flatMap(line => reader.read(line));
  const plain = text.replaceAll(/strace: Process \d+ attached\n/g, '').replaceAll('\u001b[0m', '');
  for (const call of [...calls, ...reader.end()]) {
    const { name, count, line, pid, args, image } = call;
    if (!isKnownSyscall(straceName(name)) && numberInName(name) === undefined)
      throw new Error(`accepted the name ${name}`);
    if (!isIn(plain, name)) throw new Error(`${name} is not in the text`);
    if (!Number.isSafeInteger(count) || count < 0) throw new Error(`count ${count}`);
    if (line < 1 || line > lines.length) throw new Error(`line ${line}`);
    if (pid !== undefined && (pid < 0 || pid > 4_194_304)) throw new Error(`pid ${pid}`);
    for (const index of args.keys()) {
      const value = argumentValue(call, index, image.arch ?? 'SCMP_ARCH_X86_64');
      if (value !== undefined && (value >= 2n ** 64n || value < -(2n ** 63n))) throw new Error(`argument ${value}`);
    }
  }
}

const NAMES = [...allSyscallNames()].filter(name => !['execve', 'execveat', 'restart_syscall'].includes(name));
/** Arguments as strace prints them, however nested. */
const { argument } = fc.letrec<{ argument: string }>(tie => ({
  argument: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('NULL', '-1', '0x7f', 'AF_INET', 'O_RDONLY|O_CLOEXEC', '3</a, b) = 0>', '4<TCP:[1->2]>', '1<<3'),
    fc.string({ maxLength: 12 }).map(text => JSON.stringify(text)),
    fc.array(tie('argument'), { maxLength: 3 }).map(each => `[${each.join(', ')}]`),
    fc.array(tie('argument'), { maxLength: 3 }).map(each => `{${each.map((one, at) => `f${at}=${one}`).join(', ')}}`),
    tie('argument').map(each => `${each} /* ) = 0 */`),
  ),
}));
const wellFormed = fc.record({
  name: fc.constantFrom(...NAMES),
  args: fc.array(argument, { maxLength: 6 }),
  result: fc.constantFrom('0', '?', '-1 ENOENT (No such file or directory)', '3</x>', '0x7f00', '1 ([{fd=1}])'),
  leader: fc.constantFrom('', '17 ', '[pid    17] ', '17<a> 12:34:56 ', '     0.000012 [ 257] '),
  isSplit: fc.boolean(),
});
type WellFormed = typeof wellFormed extends fc.Arbitrary<infer T> ? T : never;

/** What strace could have printed comes back as it was. */
function checkWellFormed({ name, args, result, leader, isSplit }: WellFormed): void {
  const list = args.join(', ');
  const text = isSplit
    ? `${leader}${name}(${list} <unfinished ...>\n${leader}<... ${name} resumed>) = ${result}`
    : `${leader}${name}(${list}) = ${result}`;
  const reader = new StraceReader('SCMP_ARCH_X86_64');
  const calls = text.split('\n').flatMap(line => reader.read(line));
  const [call] = calls;
  if (calls.length !== 1 || call?.name !== name) throw new Error(`${calls.length} calls`);
  if (call.args.join('\u0000') !== args.join('\u0000')) throw new Error(`arguments ${JSON.stringify(call.args)}`);
  if (!result.startsWith(call.result)) throw new Error(`result ${call.result}`);
}

const RECORD =
  '[  900.349346] audit: type=1326 audit(1795562895.850:3): auid=4294967295 uid=0 gid=0 ses=4294967295 subj=a (b) pid=30927 comm="kill" exe=2F74 sig=31 arch=c000003e syscall=83 compat=0 ip=0x7f2df63e9f37 code=0x80000000';
const AUDIT_ALPHABET = [...RECORD.split(/(?<= )/), '"', '(null)', 'type=SECCOMP msg=', '\u001d', '-1', 'ffffffff', ' '];

/** Numbers that a record is said to hold are in its text. */
function checkRecord(text: string): void {
  const record = recordOfLine(text);
  if (!record) return;
  for (const [key, value] of Object.entries({ pid: record.pid, syscall: record.syscall, sig: record.sig })) {
    if (!new RegExp(`${key}=0*${value}\\b`).test(text) && value < 2 ** 53) throw new Error(`${key} ${value}`);
  }
}

export const TRACE_TARGETS: readonly Target[] = [
  target('strace: pieces of its grammar', pieces(ALPHABET), checkTrace),
  target('strace: real lines, damaged', mutated(LINES, ALPHABET), checkTrace),
  target('strace: any text', fc.string({ unit: 'binary', maxLength: 200, size: 'max' }), checkTrace),
  target('strace: what it could have printed', wellFormed, checkWellFormed),
  target('audit records', fc.oneof(mutated([RECORD], AUDIT_ALPHABET), pieces(AUDIT_ALPHABET)), checkRecord),
];
