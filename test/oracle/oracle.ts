import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseExact } from '../../src/core/json/exact.ts';

export type Engine = 'docker' | 'podman';

/** What a runtime gets of a profile, or why the engine refuses it. */
export interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

export interface Request {
  /** JSON text. */
  readonly profile: string;
  readonly capabilities: readonly string[];
}

const EMULATORS = { amd64: 'qemu-x86_64', arm64: 'qemu-aarch64' } as const;

/** Docker's and Podman's own loaders, built for several architectures; qemu runs them under any kernel's name. */
export class Oracle {
  readonly #folder = mkdtempSync(join(tmpdir(), 'seccomp-oracle-'));

  constructor() {
    for (const emulator of Object.values(EMULATORS)) {
      if (spawnSync(emulator, ['--version']).status !== 0)
        throw new Error(`${emulator} is missing: apt-get install qemu-user`);
    }
    for (const GOARCH of Object.keys(EMULATORS)) {
      execFileSync('go', ['build', '-tags', 'seccomp', '-trimpath', '-o', join(this.#folder, GOARCH), '.'], {
        cwd: import.meta.dirname,
        env: { ...process.env, GOARCH, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    }
  }

  /** The profile that the engine uses when it is given none. */
  defaultProfile(engine: Engine): string {
    return this.#run('amd64', '6.1.0', [engine, 'default'], '');
  }

  ask(engine: Engine, arch: keyof typeof EMULATORS, kernel: string, requests: readonly Request[]): Answer[] {
    const input = requests.map(
      ({ profile, capabilities }) => `{"capabilities":${JSON.stringify(capabilities)},"profile":${oneLine(profile)}}\n`,
    );
    const output = this.#run(arch, kernel, [engine], input.join(''));
    return output
      .trimEnd()
      .split('\n')
      .map(line => parseExact(line) as Answer);
  }

  /** JSON files that a Go module brings, by their names. */
  filesOf(module: string, folder: string): Map<string, string> {
    const [path] = execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', module], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    }).split('\n');
    const directory = join(path ?? '', folder);
    if (!existsSync(directory)) throw new Error(`${module} has no ${folder}`);
    const files = readdirSync(directory).filter(name => name.endsWith('.json'));
    return new Map(files.map(name => [name, readFileSync(join(directory, name), 'utf8')]));
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(arch: keyof typeof EMULATORS, kernel: string, args: readonly string[], input: string): string {
    return execFileSync(EMULATORS[arch], ['-r', kernel, join(this.#folder, arch), ...args], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
  }
}

/** Line ends in JSON stand between tokens only. */
const oneLine = (json: string) => json.replaceAll(/[\r\n]/g, ' ');
