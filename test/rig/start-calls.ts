// Measures which system calls a container runtime makes between loading the filter and running the container's program, and
// which of them it cannot do without. What it prints goes into src/core/lint/start-calls.ts.
//
//   node test/rig/start-calls.ts RUNTIME...        needs root, strace, gcc and busybox-static
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SyscallArch, syscallNames } from '../../src/core/syscalls/table.ts';
import { Containers } from './container.ts';

const NATIVE: SyscallArch = process.arch === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64';
/** Runs to see what is called at all, each under strace, whose delays make threads show what they rarely do. */
const TRACED_RUNS = 40;
const RUNS = 20;
/** What a Go program calls to run at all: its scheduler, its memory and its threads (runtime/sys_linux_amd64.s). */
const GO = [
  ...[
    'clone',
    'clone3',
    'epoll_create1',
    'epoll_ctl',
    'epoll_pwait',
    'eventfd2',
    'exit',
    'futex',
    'getpid',
    'gettid',
    'madvise',
  ],
  ...[
    'mmap',
    'mprotect',
    'munmap',
    'nanosleep',
    'rseq',
    'rt_sigprocmask',
    'rt_sigreturn',
    'sched_yield',
    'set_robust_list',
  ],
  ...['sigaltstack', 'tgkill'],
];

interface Setting {
  readonly runtime: string;
  readonly noNewPrivileges: boolean;
  readonly uid: number;
}

const folder = mkdtempSync(join(tmpdir(), 'start-calls-'));
const containers = new Containers();
containers.add('nothing', compile());
try {
  for (const runtime of process.argv.slice(2)) await measure(runtime);
} finally {
  containers.close();
  rmSync(folder, { recursive: true });
}

async function measure(runtime: string): Promise<void> {
  const version = execFileSync(runtime, ['--version']).toString().split('\n')[0];
  for (const noNewPrivileges of [true, false]) {
    for (const uid of [0, 1000]) {
      const setting = { runtime, noNewPrivileges, uid };
      console.log(`# ${version}, ${noNewPrivileges ? 'no_new_privs' : 'without no_new_privs'}, uid ${uid}`);
      const { always, sometimes } = await callsMade(setting);
      const made = [...always, ...sometimes];
      const needed: string[] = [];
      for (const call of made) {
        const failed = await failures(
          setting,
          [...syscallNames(NATIVE)].filter(each => each !== call),
        );
        if (failed) needed.push(call);
        if (failed) console.log(`without ${call}: ${RUNS - failed} of ${RUNS} start`);
      }
      const enough = await fewest(setting, made, needed);
      console.log(`made always: ${always.join(' ')}`);
      console.log(`made sometimes: ${sometimes.join(' ')}`);
      for (const [what, calls] of Object.entries({ needed, enough, made, 'enough and Go': [...enough, ...GO] })) {
        const failed = await failures(setting, [...calls, 'exit_group']);
        console.log(`with ${what}: ${RUNS - failed} of ${RUNS} start: ${calls.join(' ')}`);
      }
    }
  }
}

/** What is left when one call after the other is taken away, as long as all starts succeed. */
async function fewest(setting: Setting, made: string[], needed: string[]): Promise<string[]> {
  let left = made;
  for (const call of made.filter(each => !needed.includes(each))) {
    const without = left.filter(each => each !== call);
    if ((await failures(setting, [...without, ...GO, 'exit_group'])) === 0) left = without;
  }
  return left;
}

async function callsMade(setting: Setting): Promise<{ always: string[]; sometimes: string[] }> {
  const counts = new Map<string, number>();
  for (let run = 0; run < TRACED_RUNS; run++) {
    const trace = join(folder, 'trace');
    const under = ['strace', '-f', '-qq', '-Y', '-o', trace];
    const profile = profileText('SCMP_ACT_ALLOW', [], ['mkdir']);
    const { code, stderr } = await containers.run({ ...setting, profile, args: ['/bin/nothing'], under }, 60_000);
    if (code !== 0) throw new Error(`${setting.runtime} under strace: ${stderr}`);
    for (const call of callsUnderFilter(readFileSync(trace, 'utf8'))) counts.set(call, (counts.get(call) ?? 0) + 1);
  }
  const made = [...counts.keys()].sort();
  return {
    always: made.filter(call => counts.get(call) === TRACED_RUNS),
    sometimes: made.filter(call => counts.get(call) !== TRACED_RUNS),
  };
}

/**
 * The calls of the thread that loads the filter, from then on; `PID<COMM> call(...)`. The other threads of runc, which is a Go
 * program, go on without one: neither runtime loads it with SECCOMP_FILTER_FLAG_TSYNC unless the profile says so.
 */
function callsUnderFilter(trace: string): Set<string> {
  const calls = new Set<string>();
  let loader: string | undefined;
  for (const line of trace.split('\n')) {
    const [, thread = '', call] = /^(\d+)<.*?> +(\w+)\(/.exec(line) ?? [];
    if (!call) continue;
    if (/(SECCOMP_SET_MODE_FILTER|PR_SET_SECCOMP), .*\{len=/.test(line)) {
      loader = thread;
    } else if (thread === loader) {
      calls.add(call);
      if (call === 'execve') break;
    }
  }
  if (!calls.has('execve')) throw new Error('the trace shows no filter, or no program after it');
  return calls;
}

/** Of the runs, how many did not end well where all but some calls return EPERM. */
async function failures(setting: Setting, allowed: string[]): Promise<number> {
  const profile = profileText('SCMP_ACT_ERRNO', [...new Set(allowed)], []);
  let failed = 0;
  for (let run = 0; run < RUNS; run++) {
    const { code } = await containers.run({ ...setting, profile, args: ['/bin/nothing'] }, 3_000);
    if (code !== 0) failed += 1;
  }
  return failed;
}

function profileText(defaultAction: string, allowed: string[], refused: string[]): string {
  const rules = [
    { names: allowed, action: 'SCMP_ACT_ALLOW' },
    { names: refused, action: 'SCMP_ACT_ERRNO' },
  ];
  return JSON.stringify({ defaultAction, syscalls: rules.filter(({ names }) => names.length) });
}

/** A program that makes one call: what else fails is the runtime's. */
function compile(): string {
  const source = join(folder, 'nothing.c');
  const exit = { x64: ['mov $231, %eax; xor %edi, %edi; syscall'], arm64: ['mov x8, #94; mov x0, #0; svc #0'] };
  const code = exit[process.arch as keyof typeof exit]?.[0];
  if (!code) throw new Error(`no program for ${process.arch} yet`);
  writeFileSync(source, `void _start(void) { __asm__("${code}"); }\n`);
  execFileSync('gcc', ['-nostdlib', '-static', '-o', join(folder, 'nothing'), source]);
  return join(folder, 'nothing');
}
