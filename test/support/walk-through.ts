import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { ControlPlane } from '../rig/control-plane.ts';

const BLOCK = /(?<=```console\n)[\s\S]*?(?=```)/g;
const PLUGIN = join(import.meta.dirname, '../../dist/kubectl-seccomp.js');

interface Step {
  readonly command: string;
  output?: string;
}

/** The commands of a document's console blocks, to be carried out in their order, in one directory. */
export class WalkThrough {
  readonly #file: string;
  readonly #directory: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #steps: Step[];

  static async open(file: string, plane: ControlPlane, directory: string): Promise<WalkThrough> {
    const plugin = join(directory, 'kubectl-seccomp');
    await writeFile(plugin, `#!/bin/sh\nexec ${process.execPath} ${PLUGIN} "$@"\n`);
    await chmod(plugin, 0o755);
    const path = [directory, plane.programs, process.env['PATH']].join(delimiter);
    const env = { ...process.env, PATH: path, KUBECONFIG: plane.kubeconfig, HOME: directory };
    const blocks = (await readFile(file, 'utf8')).match(BLOCK) ?? [];
    return new WalkThrough(file, directory, env, blocks.flatMap(commandsOf));
  }

  private constructor(file: string, directory: string, env: NodeJS.ProcessEnv, commands: readonly string[]) {
    this.#file = file;
    this.#directory = directory;
    this.#env = env;
    this.#steps = commands.map(command => ({ command }));
  }

  /** What was not carried out. */
  get left(): string[] {
    return this.#steps.filter(({ output }) => output === undefined).map(({ command }) => command);
  }

  /** Carries out what the document says next, up to the command that begins so; what that printed. */
  async to(beginning: string): Promise<string> {
    for (;;) {
      const step = this.#steps.find(({ output }) => output === undefined);
      if (!step) throw new Error(`the document has no more commands, and none was "${beginning}"`);
      step.output = await this.#run(step.command);
      if (step.command.startsWith(beginning)) return step.output;
    }
  }

  /** The last command again, as somebody does who waits. */
  async again(): Promise<string> {
    const step = this.#steps.findLast(({ output }) => output !== undefined) as Step;
    step.output = await this.#run(step.command);
    return step.output;
  }

  /** Writes what was printed into the document. */
  async update(): Promise<void> {
    const text = await readFile(this.#file, 'utf8');
    let at = 0;
    const shown = text.replaceAll(BLOCK, block => {
      const steps = this.#steps.slice(at, at + commandsOf(block).length);
      at += steps.length;
      return steps.map(({ command, output = '' }) => `$ ${command}\n${output && ended(output)}`).join('');
    });
    await writeFile(this.#file, shown);
  }

  #run(command: string): Promise<string> {
    const options = { cwd: this.#directory, env: this.#env };
    return new Promise((resolve, reject) => {
      execFile('sh', ['-c', command], options, (error, stdout, stderr) => {
        // `violations` ends with 1 when there are some.
        if (error && !stdout) reject(new Error(`${command}: ${stderr}`));
        else resolve(stdout);
      });
    });
  }
}

const commandsOf = (block: string): string[] =>
  [...block.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command as string);

const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
