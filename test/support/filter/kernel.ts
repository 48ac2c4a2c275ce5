import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SCRIPT = join(import.meta.dirname, 'kernel.py');

/** By which instruction the call is made: x32 calls are made by that of x86_64. */
export type Abi = 'x86_64' | 'i386';

export interface KernelCall {
  readonly bytes: Buffer;
  readonly abi: Abi;
  readonly number: number;
  readonly args: readonly bigint[];
}

/** What came of it: a result, an error number below zero among them, or a signal SIGSYS that was caught or that ended it. */
export type KernelResult = { readonly returned: number } | { readonly trapped: true } | { readonly killed: true };

/** The running kernel, by a process that makes one call after the other, each in a child under a filter of its own. */
export class Kernel {
  readonly #child: ChildProcess;
  readonly #waiting: PromiseWithResolvers<KernelResult>[] = [];

  constructor() {
    const child = spawn('python3', [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', line => this.#take(JSON.parse(line)));
    const end = (error: Error) => {
      for (const each of this.#waiting.splice(0)) each.reject(error);
    };
    child.on('error', end);
    child.on('close', code => end(new Error(`${SCRIPT} ended with exit code ${code}`)));
  }

  make({ bytes, abi, number, args }: KernelCall): Promise<KernelResult> {
    const answer = Promise.withResolvers<KernelResult>();
    this.#waiting.push(answer);
    const request = { bpf: bytes.toString('base64'), abi, number, args: args.map(String) };
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    return answer.promise;
  }

  stop(): void {
    this.#child.stdin?.end();
  }

  #take(result: KernelResult | { error: string }): void {
    const next = this.#waiting.shift();
    if ('error' in result) next?.reject(new Error(result.error));
    else next?.resolve(result);
  }
}
