import { isKnownSyscall, type SyscallArch, syscallNumber } from '../syscalls/table.ts';
import { argumentValue } from './argument-value.ts';
import { callOfRecord, saysThatRecordsWereLost } from './audit.ts';
import type { Image, TracedCall, Unread } from './call.ts';
import { tableName } from './machine.ts';
import { StraceReader } from './strace.ts';

/** One kind of call that was traced, with the arguments that were asked for. */
export interface CallUse {
  readonly arch: SyscallArch;
  readonly name: string;
  /** Values by index; undefined for one that the trace does not show as a number. */
  readonly args: ReadonlyMap<number, bigint | undefined>;
  readonly count: number;
  /** Where it was seen first. */
  readonly file: string;
  readonly line: number;
  readonly pid: number | undefined;
}

export interface Trace {
  /** By architecture and name. */
  readonly calls: readonly CallUse[];
  /** Calls that have no name in our tables: newer than this program, or none at all. */
  readonly unknown: readonly CallUse[];
  readonly files: readonly FileReport[];
}

/** What became of one file. */
export interface FileReport {
  readonly file: string;
  readonly calls: number;
  readonly unread: readonly Unread[];
  readonly unreadCount: number;
  /** The kernel said that it dropped audit records. */
  readonly lost: boolean;
}

export interface TraceOptions {
  /** Architecture of the machine that was traced; strace does not tell it. */
  readonly machine: SyscallArch;
  /** Which arguments of a call matter, by index. Without them a call is a call, whatever its arguments. */
  readonly wanted?: (name: string) => readonly number[];
  /** Audit records of other programs (by `comm`) are left out. */
  readonly comm?: string;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Gathers what several traces (strace or audit logs) of a program show into one list of calls. */
export class TraceCollector {
  readonly #options: TraceOptions;
  readonly #uses = new Map<Image, Map<string, Mutable<CallUse>>>();
  readonly #files: FileReport[] = [];

  constructor(options: TraceOptions) {
    this.#options = options;
  }

  /** Reads one file; audit records are told from strace's lines by what they look like. */
  add(file: string, lines: Iterable<string>): void {
    const strace = new StraceReader(this.#options.machine);
    let calls = 0;
    let records = 0;
    let isLost = false;
    const take = (call: TracedCall) => {
      calls += call.count;
      this.#take(file, call);
    };
    let number = 0;
    for (const line of lines) {
      number += 1;
      const record = line.includes('auid=') ? callOfRecord(line, number) : undefined;
      if (record) {
        records += 1;
        if (this.#options.comm === undefined || record.comm === this.#options.comm) take(record);
        strace.skip();
        continue;
      }
      isLost ||= saysThatRecordsWereLost(line);
      for (const call of strace.read(line)) take(call);
    }
    for (const call of strace.end()) take(call);
    // In a log of the kernel most lines speak of other things.
    const { unread, unreadCount } = records ? { unread: [], unreadCount: 0 } : strace;
    this.#files.push({ file, calls, unread, unreadCount, lost: isLost });
  }

  trace(): Trace {
    const merged = new Map<string, Mutable<CallUse>>();
    for (const [image, uses] of this.#uses) {
      for (const use of uses.values())
        mergeInto(merged, { ...use, ...named(image.arch ?? this.#options.machine, use.name) });
    }
    const calls = [...merged.values()].sort(byArchAndName);
    return {
      calls: calls.filter(isKnown),
      unknown: calls.filter(use => !isKnown(use)),
      files: this.#files,
    };
  }

  #take(file: string, call: TracedCall): void {
    const { image, name, line, pid, count } = call;
    const wanted = this.#options.wanted?.(name) ?? [];
    const arch = image.arch ?? this.#options.machine;
    const args = new Map(wanted.map(index => [index, argumentValue(call, index, arch)]));
    const uses = this.#uses.get(image) ?? new Map();
    this.#uses.set(image, uses);
    mergeInto(uses, { arch, name, args, count, file, line, pid });
  }
}

/** Name and architecture as our tables have them. */
const named = (arch: SyscallArch, name: string) => ({ arch, name: tableName(arch, name) });

const isKnown = ({ arch, name }: CallUse) => syscallNumber(arch, name) !== undefined || isKnownSyscall(name);

function mergeInto(uses: Map<string, Mutable<CallUse>>, use: CallUse): void {
  const key = `${use.arch} ${use.name} ${[...use.args.values()].join()}`;
  const present = uses.get(key);
  if (present) present.count += use.count;
  else uses.set(key, { ...use });
}

function byArchAndName(a: CallUse, b: CallUse): number {
  if (a.arch !== b.arch) return a.arch < b.arch ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
