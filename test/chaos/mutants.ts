import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Invariant } from './auditor/findings.ts';

const PROJECT = join(import.meta.dirname, '../..');

/** A defect that the product does not have. */
export interface Mutant {
  /** What the auditor has to find. */
  readonly breaks: Invariant;
  readonly how: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Words of the kinds of faults under which it shows. */
  readonly under: readonly string[];
}

/** One for each invariant at least. */
export const MUTANTS: readonly Mutant[] = [
  {
    breaks: 'torn',
    how: 'the agent writes files in place, half by half',
    file: 'src/host/atomic-file.ts',
    from: 'await rename(directory.at(temporary), directory.at(name));',
    to: `const fs = process.getBuiltinModule('node:fs');
    fs.writeFileSync(directory.at(name), text.slice(0, text.length / 2));
    await new Promise(resolve => setTimeout(resolve, 40));
    fs.writeFileSync(directory.at(name), text);
    await unlink(directory.at(temporary));`,
    under: ['watches cut'],
  },
  {
    breaks: 'missing',
    how: 'the agent removes a file before it writes the next version',
    file: 'src/host/atomic-file.ts',
    from: 'await rename(directory.at(temporary), directory.at(name));',
    to: `await unlink(directory.at(name)).catch(() => {});
    await new Promise(resolve => setTimeout(resolve, 40));
    await rename(directory.at(temporary), directory.at(name));`,
    under: ['watches cut'],
  },
  {
    breaks: 'outside',
    how: 'the agent follows a link in the place of its directory',
    file: 'src/host/directory-handle.ts',
    from: 'const handle = await open(this.at(name), OPEN_DIRECTORY | constants.O_NOFOLLOW);',
    to: 'const handle = await open(this.at(name), OPEN_DIRECTORY);',
    under: ['directory replaced by a link'],
  },
  {
    breaks: 'ready',
    how: 'the operator takes a node that is behind for one that has it',
    file: 'src/core/status/installation.ts',
    from: "if (compareResourceVersions(report.resourceVersion, published(node.name)) < 0) return 'behind';",
    to: '',
    under: ['agent stopped (SIGSTOP)'],
  },
  {
    breaks: 'untold',
    how: 'the agent does not report what stands in its way',
    file: 'src/core/fleet/own-report.ts',
    from: "if (trouble) return say('False', trouble.reason, trouble.message);",
    to: '',
    under: ['directory replaced by a file'],
  },
  {
    breaks: 'converged',
    how: 'the agent forgets what was deleted while it was away',
    file: 'src/agent/agent.ts',
    from: 'if (!files.has(fileName)) installer.put(fileName,',
    to: 'if (false) installer.put(fileName,',
    under: ['agent killed (SIGKILL)'],
  },
  {
    breaks: 'crashed',
    how: 'the agent exits when it has repaired a file',
    file: 'src/agent/drift.ts',
    from: "else this.#options.log.warn('a file was altered by somebody else, and repaired', { file: fileName });",
    to: 'else process.exit(3);',
    under: ['file deleted'],
  },
];

/** Builds the programs with that defect; `use` gets their directory. */
export async function withMutant<T>(mutant: Mutant, use: (programs: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'seccomp-operator-mutant-'));
  try {
    for (const name of ['src', 'scripts', 'manifests', 'package.json'])
      await cp(join(PROJECT, name), join(directory, name), { recursive: true });
    await symlink(join(PROJECT, 'node_modules'), join(directory, 'node_modules'));
    const path = join(directory, mutant.file);
    const source = await readFile(path, 'utf8');
    const parts = source.split(mutant.from);
    if (parts.length !== 2) throw new Error(`${mutant.file} has ${parts.length - 1} times: ${mutant.from}`);
    await writeFile(path, parts.join(mutant.to));
    const { status, stderr } = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: directory, encoding: 'utf8' });
    if (status !== 0) throw new Error(`a mutant does not build: ${stderr}`);
    return await use(join(directory, 'dist'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
