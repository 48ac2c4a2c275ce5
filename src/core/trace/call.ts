import type { SyscallArch } from '../syscalls/table.ts';

/**
 * A program as one execve(2) loaded it: what decides which table its calls are numbered by. strace says so only on a
 * terminal ("runs in 32 bit mode"), so it may become known after the first calls were read.
 */
export interface Image {
  arch: SyscallArch | undefined;
}

/** One system call as a trace shows it. */
export interface TracedCall {
  /** Line of the trace where it begins, from 1. */
  readonly line: number;
  /** Process or thread, where the trace says so. */
  readonly pid: number | undefined;
  readonly image: Image;
  /** As strace names it; `syscall_0x1f4` where it has no name for the number. */
  readonly name: string;
  /** The arguments as strace prints them; empty where the trace does not show them. */
  readonly args: readonly string[];
  /** What it returned, as printed: `3`, `-1`, `0x7f..`, or `?` for a call that did not return. */
  readonly result: string;
  /** Name of the error number, `ENOENT`. */
  readonly error: string | undefined;
  /** How many calls this one stands for: more than one in the tables of `strace -c`. */
  readonly count: number;
}

/** A line, or many like it, that says nothing about calls that can be used. */
export interface Unread {
  readonly line: number;
  readonly text: string;
}
