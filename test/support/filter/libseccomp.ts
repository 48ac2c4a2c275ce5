import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Runtime } from '../../../src/core/simulate/environment.ts';
import { isAtLeast } from '../../../src/core/versions.ts';
import { type Endian, type Instruction, readProgram } from './bpf.ts';

const SCRIPT = join(import.meta.dirname, 'libseccomp.py');

export interface BuildRequest {
  /** The file, as it is rendered. */
  readonly profile: string;
  readonly runtime: Runtime;
  /** As seccomp_arch_resolve_name(3) takes it. */
  readonly native: string;
}

/** By architecture, the number above which runc's own part of the program answers ENOSYS. */
export type Highest = Readonly<Record<string, number>>;

/** A program, or why there is none: an errno's name, a word, `endless` or the signal that ended the library. */
export type Built =
  | {
      readonly program: readonly Instruction[];
      readonly bytes: Buffer;
      readonly endian: Endian;
      readonly highest: Highest;
    }
  | { readonly error: string; readonly rule?: number | null };

/** The real libseccomp, in a process of its own that is started anew when the library brings it down. */
export class Libseccomp {
  #child: ChildProcess | undefined;
  readonly #waiting: { readonly line: string; readonly settle: (built: Built) => void }[] = [];
  #version: PromiseWithResolvers<string> = Promise.withResolvers();

  constructor() {
    this.#start();
  }

  /** Of the library, such as 2.5.4. */
  get version(): Promise<string> {
    return this.#version.promise;
  }

  build({ profile, runtime, native }: BuildRequest): Promise<Built> {
    const { promise, resolve } = Promise.withResolvers<Built>();
    const optimizes = runtime.version === undefined || isAtLeast(runtime.version, '1.2');
    // Not by JSON.stringify, which would lose digits of the profile's integers.
    const file = profile.replaceAll('\n', ' ');
    const line = `{"runtime":"${runtime.name}","optimizes":${optimizes},"native":"${native}","profile":${file}}\n`;
    this.#waiting.push({ line, settle: resolve });
    this.#child?.stdin?.write(line);
    return promise;
  }

  stop(): void {
    this.#child?.removeAllListeners();
    this.#child?.kill();
  }

  #start(): void {
    const child = spawn('python3', [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', line => this.#take(JSON.parse(line)));
    child.on('error', error => this.#version.reject(error));
    child.on('close', (code, signal) => this.#ended(code, signal));
    for (const { line } of this.#waiting) child.stdin.write(line);
  }

  #take(answer: { version: string } | Encoded | { error: string; rule: number | null }): void {
    if ('version' in answer) this.#version.resolve(answer.version);
    else this.#waiting.shift()?.settle('error' in answer ? answer : decoded(answer));
  }

  /** The request it was at is what ended it. */
  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    const culprit = this.#waiting.shift();
    culprit?.settle({ error: signal === 'SIGPROF' ? 'endless' : (signal ?? `exit code ${code}`) });
    this.#start();
  }
}

interface Encoded {
  readonly bpf: string;
  readonly endian: Endian;
  readonly highest: Highest;
}

function decoded({ bpf, endian, highest }: Encoded): Built {
  const bytes = Buffer.from(bpf, 'base64');
  return { program: readProgram(bytes, endian), bytes, endian, highest };
}
