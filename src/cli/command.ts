import type { ParseArgsOptionDescriptor } from 'node:util';

/** One option of a command, as `util.parseArgs` reads it, and what the help says about it. */
export interface Option extends ParseArgsOptionDescriptor {
  /** What stands for the value in the help: `--arch ARCH`. A boolean option has none. */
  readonly value?: string;
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

/** What was given on the command line: operands in their order, options by their long name. */
export interface Given {
  readonly operands: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
}

/** What a command prints, and how it ends: 0 all is well, 1 it found what somebody has to act on. */
export interface Outcome {
  readonly text: string;
  /** For the person, on standard error: what standard output, made for a program, has no place for. */
  readonly notes?: string;
  readonly code: 0 | 1;
}

/** One word of `kubectl seccomp`. */
export interface Command {
  readonly name: string;
  /** As in a usage line: `FILE`, `[NAME]`. */
  readonly operands: string;
  readonly least: number;
  readonly most: number;
  readonly summary: string;
  readonly options: Options;
  readonly examples: readonly string[];
  run(given: Given): Promise<Outcome> | Outcome;
}

/** The command line cannot be used: exit code 2. */
export class UsageError extends Error {}
