import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cachePath, locked, type Progress, place } from './cache.ts';
import { requirePackages } from './debian.ts';
import { goBuild } from './go.ts';

const run = promisify(execFile);
const MODULE = join(import.meta.dirname, 'cri-o');
const CRI_O = 'github.com/cri-o/cri-o';
/** Without what only other kinds of storage and signed images need. */
const TAGS = 'seccomp,containers_image_openpgp,exclude_graphdriver_btrfs,exclude_graphdriver_zfs';

/** The directory of crio, and of pinns, which keeps the namespaces of its Pods. */
export async function findCriO(progress: Progress): Promise<string> {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${TAGS}`);
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(join(MODULE, file)));
  const directory = cachePath(`cri-o-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(directory)) return directory;
  return locked(
    directory,
    line => progress(`CRI-O: ${line}`),
    async () => {
      if (!existsSync(directory)) await place(directory, into => compile(into, progress));
      return directory;
    },
  );
}

async function compile(into: string, progress: Progress): Promise<true> {
  await requirePackages({ 'libseccomp-dev': '/usr/include/seccomp.h' }, progress);
  progress('building CRI-O from Go modules: about 3 minutes on 2 cores, then cached');
  const args = ['-tags', TAGS, '-ldflags', '-s -w', '-o', join(into, 'crio'), `${CRI_O}/cmd/crio`];
  await goBuild({ module: MODULE, args, cgo: true }, progress);
  const { stdout } = await run('go', ['list', '-m', '-f', '{{.Dir}}', CRI_O], { cwd: MODULE });
  const sources = join(stdout.trim(), 'pinns/src');
  const files = (await readdir(sources)).filter(name => name.endsWith('.c')).map(name => join(sources, name));
  await run('cc', ['-std=c99', '-O2', '-static', '-o', join(into, 'pinns'), ...files]);
  return true;
}
