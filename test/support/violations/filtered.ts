// A process under a seccomp filter, without a runtime: what makes the records of tests.
//   node filtered.ts ACTION STEP...
// ACTION (a number, SECCOMP_RET_*) is what the filter does with mkdir(2) and mkdirat(2); a STEP is `call:TIMES`, `spawn:TIMES`
// (a process of its own that makes one call) or `rate:CALLS_A_SECOND:SECONDS`. Prints what it has done as JSON.
import { spawnSync } from 'node:child_process';

interface Koffi {
  load(path: null): { func(prototype: string): (...values: unknown[]) => number };
  struct(name: string, fields: Readonly<Record<string, string>>): unknown;
}

const [action = '', ...steps] = process.argv.slice(2);
const name = `@koromix/koffi-linux-${process.arch}`;
const { default: koffi } = (await import(name)) as { default: Koffi };
koffi.struct('sock_fprog', { len: 'uint16_t', filter: 'const void *' });
const libc = koffi.load(null);
const prctl = libc.func('int prctl(int, unsigned long, const void *, unsigned long, unsigned long)');
const setFilter = libc.func('int prctl(int, unsigned long, const sock_fprog *)');
const mkdir = libc.func('int mkdir(const char *, unsigned int)');

const PR_SET_NO_NEW_PRIVS = 38;
const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const numbers = process.arch === 'x64' ? [83, 258] : [34];
const filter = Buffer.concat([
  statement(0x20, 0), // ld [nr]
  ...numbers.map((number, at) => statement(0x15, number, numbers.length - at)), // jeq: to the last statement
  statement(0x06, 0x7fff0000), // ret ALLOW
  statement(0x06, Number(action)),
]);
if (prctl(PR_SET_NO_NEW_PRIVS, 1, null, 0, 0) !== 0) throw new Error('no_new_privs');
if (setFilter(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, { len: filter.length / 8, filter }) !== 0) throw new Error('filter');

const from = performance.now();
let calls = 0;
for (const step of steps) {
  const [what, ...given] = step.split(':');
  const [first = 0, seconds = 0] = given.map(Number);
  if (what === 'call') for (let count = 0; count < first; count++) call();
  if (what === 'spawn') for (let count = 0; count < first; count++) calls += spawnSync('mkdir', ['/']).pid ? 1 : 0;
  if (what === 'rate') keepRate(first, seconds);
}
console.log(JSON.stringify({ calls, seconds: (performance.now() - from) / 1_000 }));

function call(): void {
  mkdir('/', 0);
  calls++;
}

function keepRate(rate: number, seconds: number): void {
  const began = performance.now();
  const done = calls;
  for (let now = began; now < began + seconds * 1_000; now = performance.now()) {
    const due = ((now - began) / 1_000) * rate;
    while (calls - done < due) call();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
}

/** struct sock_filter. */
function statement(code: number, k: number, jumpIfTrue = 0): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(jumpIfTrue, 2);
  bytes.writeUInt32LE(k, 4);
  return bytes;
}
