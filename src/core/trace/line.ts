import { readArgumentList } from './argument-list.ts';

/** What stands before the call on a line of strace: who, and what `-n` adds. */
export interface Leader {
  readonly pid: number | undefined;
  /** Number of the call, with `-n`. */
  readonly number: number | undefined;
  /** The rest of the line. */
  readonly body: string;
}

/** What a line of strace says, without its leader. */
export type Statement =
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly string[]; readonly result: Result }
  /** A call that another process's line interrupts; the text is to be joined with that of its `resumed`. */
  | { readonly kind: 'unfinished'; readonly name: string; readonly text: string }
  | { readonly kind: 'resumed'; readonly name: string; readonly text: string }
  | { readonly kind: 'superseded'; readonly by: number }
  | { readonly kind: 'ended' }
  | { readonly kind: 'mode'; readonly pid: number; readonly mode: string }
  /** Signals, exits, stack traces, dumps and strace's own messages. */
  | { readonly kind: 'remark' }
  | { readonly kind: 'unread' };

export interface Result {
  readonly result: string;
  readonly error: string | undefined;
}

/** A process id is at most this (PID_MAX_LIMIT, linux/threads.h); a larger number is a time in seconds. */
const MOST_PID = 4_194_304;

const PID = /^(?:\[pid +(\d{1,10})(?:<[^>]*>)?\] +|(\d{1,10})(?:<[^>]*>)? +(?=\S))/;
/** `-t`, `-tt`, `-ttt`, `-r` and both, in the order of `printleader` in strace.c. */
const TIME = /^(?:\d\d:\d\d:\d\d(?:\.\d+)? +|\d+\.\d+ +|\d{7,} +(?=\S))/;
const RELATIVE = /^(?:\( *\+ *\d+(?:\.\d+)?\) +| *\d+\.\d+ +)/;
/** `-i`: 8 or 16 digits; `-n`: a number in at least four columns. */
const POINTER = /^\[(?:[0-9a-f]{16}|[0-9a-f]{8}|\?+)\] /;
const NUMBER = /^\[ *(\d{1,7}|\?+)\] /;

const NAME = /^([a-z_][a-z0-9_]{0,63})\(/i;
const RESUMED = /^<\.\.\. ([a-z_][a-z0-9_]{0,63}) resumed>/i;
const UNFINISHED = / ?<(?:unfinished|detached) \.\.\.>$/;
const MODE = /^(?:strace: )?\[ Process PID=(\d+) runs in (64 bit|32 bit|x32) mode\. \]$/;
const SUPERSEDED = /^\+\+\+ superseded by execve in pid (\d+) \+\+\+$/;
const ENDED = /^\+\+\+ (?:exited with \d+|killed by \w+.*) \+\+\+$/;
/**
 * Signals; stack traces of `-k`; dumps of `-e read`; messages of strace itself; `???`, a call of which strace could not read the
 * number, since the process was killed as it began (`print_syscall_resume` and `syscall_entering_trace` in syscall.c).
 */
const REMARK = /^(?:--- .* ---$|\+\+\+ .* \+\+\+$| > | \| [0-9a-f]{5}|strace: |\?{3,4}\(|<\.\.\. \?{3,4} resumed>)/;

/** Splits off what decorates a line. */
export function leaderOf(line: string): Leader {
  let body = line;
  let pid: number | undefined;
  let number: number | undefined;
  const who = PID.exec(body);
  const digits = who?.[1] ?? who?.[2];
  if (who && Number(digits) <= MOST_PID) {
    pid = Number(digits);
    body = body.slice(who[0].length);
  }
  body = without(body, TIME);
  body = without(body, RELATIVE);
  if (!POINTER.test(body)) {
    const shown = NUMBER.exec(body);
    if (shown) {
      if (!shown[1]?.startsWith('?')) number = Number(shown[1]);
      body = body.slice(shown[0].length);
    }
  }
  body = without(body, POINTER);
  return { pid, number, body };
}

const without = (text: string, pattern: RegExp) => {
  const [found] = pattern.exec(text) ?? [''];
  return text.slice(found.length);
};

/** What a line without its leader says. */
export function statementOf(body: string): Statement {
  const name = NAME.exec(body)?.[1];
  if (name) return callOf(name, body);
  const resumed = RESUMED.exec(body);
  if (resumed) return { kind: 'resumed', name: resumed[1] as string, text: body.slice(resumed[0].length) };
  const mode = MODE.exec(body);
  if (mode) return { kind: 'mode', pid: Number(mode[1]), mode: mode[2] as string };
  const superseded = SUPERSEDED.exec(body);
  if (superseded) return { kind: 'superseded', by: Number(superseded[1]) };
  if (ENDED.test(body)) return { kind: 'ended' };
  return { kind: REMARK.test(body) ? 'remark' : 'unread' };
}

/** A call from its name on: whole, or the part before another process's line. */
export function callOf(name: string, text: string): Statement {
  const list = readArgumentList(text, name.length + 1);
  const result = list && resultOf(text.slice(list.end));
  if (list && result) return { kind: 'call', name, args: list.args, result };
  const unfinished = UNFINISHED.exec(text);
  if (unfinished) return { kind: 'unfinished', name, text: text.slice(0, unfinished.index) };
  return { kind: 'unread' };
}

const VALUE = /^ *= (\?|-?\d{1,20}|0x[0-9a-f]{1,16})(?= |<|\(|$)/;
const ERROR = /^ (E[A-Z0-9_]+)(?= |$)/;
/** A descriptor's path, a comment of `-X verbose`, remarks in parentheses, `<unavailable>`, the time of `-T`; or nothing. */
const REST = /^(?:| ?[<(/].*[>)/])$/;

function resultOf(text: string): Result | undefined {
  const value = VALUE.exec(text);
  if (!value) return undefined;
  const rest = text.slice(value[0].length);
  const error = ERROR.exec(rest);
  if (!REST.test(error ? rest.slice(error[0].length) : rest)) return undefined;
  return { result: value[1] as string, error: error?.[1] };
}
