import { isKnownSyscall, type SyscallArch } from '../syscalls/table.ts';
import type { Image, TracedCall, Unread } from './call.ts';
import { callOf, leaderOf, type Result, type Statement, statementOf } from './line.ts';
import { archOfCall, archOfMode, numberInName, straceName } from './machine.ts';
import { type SummaryRow, SummaryTable } from './summary-table.ts';

/** A call whose end has not been read yet. */
interface Pending {
  readonly line: number;
  readonly name: string;
  readonly text: string;
  readonly number: number | undefined;
}

/** What a line shows of a call, and `-n`'s number. */
type Shown = Partial<TracedCall> &
  Pick<TracedCall, 'line' | 'pid' | 'image' | 'name'> & { number?: number | undefined };

/** strace's word that a thread joined or left, which on a terminal falls into the middle of another line. */
const ATTACHED = /strace: Process \d+ (?:attached|detached)$/;
/** Colours and what else a terminal is told: ECMA-48, "control sequence". */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const ESCAPES = /\u001b\[[0-9;]*[A-Za-z]/g;
const INTERRUPTED = /^<\.\.\. resuming interrupted ([a-z_][a-z0-9_]*) \.\.\.>$/;
const CLONES = new Set(['clone', 'clone3', 'fork', 'vfork']);
const UNFINISHED: Result = { result: '?', error: undefined };

/**
 * Reads what strace(1) prints, one line after the other: one process or many (`[pid N]`, `N`, or neither as with `-ff`),
 * calls that others interrupt, the decorations of `-n -t -tt -ttt -r -T -i -k -y -yy -Y -X -v`, and the tables of `-c`
 * and `-C`. Calls come in the order in which they end. Needs memory for unfinished calls and processes only.
 */
export class StraceReader {
  /** Lines that are neither a call nor a remark of strace: what the program itself printed, or no trace at all. */
  readonly unread: Unread[] = [];
  unreadCount = 0;

  readonly #machine: SyscallArch;
  readonly #table = new SummaryTable();
  readonly #pending = new Map<number | undefined, Pending>();
  readonly #images = new Map<number | undefined, Image>();
  /** The image of the process that cloned last: a process that was not seen before is its child. */
  #parent: Image = { arch: undefined };
  #cut = '';
  #hasCalls = false;
  #line = 0;
  #found: TracedCall[] = [];

  /** @param machine architecture of the machine that was traced, which the trace does not tell */
  constructor(machine: SyscallArch) {
    this.#machine = machine;
  }

  /** The calls that end with this line. */
  read(line: string): readonly TracedCall[] {
    this.#line += 1;
    this.#found = [];
    this.#readLine(line.includes('\u001b') ? line.replaceAll(ESCAPES, '') : line);
    return this.#found;
  }

  /** A line that somebody else has read. */
  skip(): void {
    this.#line += 1;
  }

  /** The calls that never ended: the trace ends before they do, or with their process. */
  end(): readonly TracedCall[] {
    this.#found = [];
    for (const pid of [...this.#pending.keys()]) this.#giveUp(pid);
    return this.#found;
  }

  #readLine(text: string): void {
    if (this.#table.read(text, row => this.#addRow(row))) return;
    const line = this.#cut + (text.endsWith('\r') ? text.slice(0, -1) : text);
    this.#cut = '';
    const attached = line.endsWith('ached') ? ATTACHED.exec(line) : null;
    if (attached) {
      this.#cut = line.slice(0, attached.index);
      return;
    }
    const { pid, number, body } = leaderOf(line);
    this.#readStatement(statementOf(body), pid, number, line);
  }

  /** `-C` prints every call, and then the table of all: that counts none of them twice. */
  #addRow(row: SummaryRow): void {
    if (this.#hasCalls || !isCall(row.name)) return;
    const { mode } = this.#table;
    const image = { arch: mode === undefined ? this.#machine : archOfMode(this.#machine, mode) };
    this.#found.push({ ...row, ...UNFINISHED, line: this.#line, pid: undefined, image, args: [] });
  }

  #readStatement(said: Statement, pid: number | undefined, number: number | undefined, line: string): void {
    switch (said.kind) {
      case 'call':
        this.#giveUp(pid);
        this.#add({ line: this.#line, pid, image: this.#imageOf(pid), number, ...said, ...said.result });
        break;
      case 'unfinished':
        this.#giveUp(pid);
        if (CLONES.has(said.name)) this.#parent = this.#imageOf(pid);
        this.#pending.set(pid, { line: this.#line, name: said.name, text: said.text, number });
        break;
      case 'resumed':
        this.#resume(pid, number, said.name, said.text);
        break;
      case 'superseded':
        this.#move(said.by, pid);
        break;
      case 'mode':
        this.#images.set(this.#images.has(said.pid) ? said.pid : pid, { arch: archOfMode(this.#machine, said.mode) });
        break;
      case 'ended':
        this.#giveUp(pid);
        this.#images.delete(pid);
        break;
      case 'unread':
        this.#notRead(line);
        break;
      default:
    }
  }

  /** Joins the two halves of a call. A thread that execs goes on under its leader's pid, so the name helps to find it. */
  #resume(pid: number | undefined, number: number | undefined, name: string, text: string): void {
    const from = this.#pending.get(pid)?.name === name ? pid : this.#pidOfPending(name);
    const begun = this.#pending.get(from);
    const before = begun?.name === name ? begun : undefined;
    if (before) this.#pending.delete(from);
    // Where the trace began in the middle of the call, nothing is known of its arguments.
    const whole = callOf(name, `${before?.text ?? `${name}(`}${text}`);
    if (whole.kind === 'unfinished') {
      this.#pending.set(pid, { line: before?.line ?? this.#line, name, text: whole.text, number });
      return;
    }
    const { args, result } = whole.kind === 'call' ? whole : { args: [], result: UNFINISHED };
    this.#add({
      line: before?.line ?? this.#line,
      pid,
      image: this.#imageOf(pid),
      name,
      number: number ?? before?.number,
      args: before ? args : [],
      ...result,
    });
  }

  #pidOfPending(name: string): number | undefined {
    return [...this.#pending].findLast(([, each]) => each.name === name)?.[0];
  }

  /** The process has gone on or ended, and the end of its last call was not shown. */
  #giveUp(pid: number | undefined): void {
    const begun = this.#pending.get(pid);
    if (!begun) return;
    this.#pending.delete(pid);
    const said = callOf(begun.name, `${begun.text}) = ?`);
    const args = said.kind === 'call' ? said.args : [];
    this.#add({ ...begun, pid, image: this.#imageOf(pid), args, ...UNFINISHED });
  }

  #move(from: number, to: number | undefined): void {
    const begun = this.#pending.get(from);
    if (!begun) return;
    this.#pending.delete(from);
    this.#giveUp(to);
    this.#pending.set(to, begun);
  }

  #imageOf(pid: number | undefined): Image {
    const known = this.#images.get(pid);
    if (known) return known;
    // On a terminal strace names pids only once there are several: the first one to be named is the one without.
    const unnamed = this.#images.size === 1 ? this.#images.get(undefined) : undefined;
    const image = unnamed ?? this.#parent;
    this.#images.set(pid, image);
    return image;
  }

  #add(call: Shown): void {
    const { line, pid, image, name, number, args = [], result = '?', error } = call;
    const arch = archOfCall(this.#machine, name, number);
    if (!isCall(name)) {
      this.#notRead(`${name}(...)`);
      return;
    }
    if (arch !== undefined && arch !== this.#machine) image.arch ??= arch;
    this.#found.push({ line, pid, image, name, args, result, error, count: 1 });
    this.#hasCalls = true;
    const interrupted = INTERRUPTED.exec(args[0] ?? '')?.[1];
    if (interrupted) this.#add({ line, pid, image, name: interrupted });
    if (CLONES.has(name)) this.#parent = image;
    if (isNewProgram(name, result)) this.#images.set(pid, { arch: undefined });
  }

  #notRead(text: string): void {
    this.unreadCount += 1;
    if (this.unread.length < 10) this.unread.push({ line: this.#line, text: text.slice(0, 200) });
  }
}

/** Anything else is text of the program that looks like a call, as `printf("f(x) = 1")` makes it. */
const isCall = (name: string) => isKnownSyscall(straceName(name)) || numberInName(name) !== undefined;

const isNewProgram = (name: string, result: string) => (name === 'execve' || name === 'execveat') && result === '0';
