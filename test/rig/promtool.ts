import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cachePath, locked, type Progress, place } from './cache.ts';
import { goBuild } from './go.ts';

const MODULE = join(import.meta.dirname, 'promtool');
const PACKAGE = 'github.com/prometheus/prometheus/cmd/promtool';

/** Prometheus' promtool: that of the environment variable PROMTOOL, or the cached one, or built from promtool/go.mod. */
export async function findPromtool(progress: Progress): Promise<string> {
  const given = process.env['PROMTOOL'];
  if (given) return given;
  const requirements = await readFile(join(MODULE, 'go.mod'), 'utf8');
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${requirements}`);
  const directory = cachePath(`promtool-${hash.digest('hex').slice(0, 16)}`);
  const program = join(directory, 'promtool');
  if (existsSync(program)) return program;
  return locked(
    directory,
    line => progress(`promtool: ${line}`),
    async () => {
      if (!existsSync(program)) await place(directory, into => compile(into, progress));
      return program;
    },
  );
}

async function compile(into: string, progress: Progress): Promise<true> {
  progress('building promtool from Go modules: about 2 minutes on 2 cores, then cached');
  // Rules need no service discovery, which is most of it.
  const args = ['-tags', 'remove_all_sd', '-ldflags', '-s -w', '-o', join(into, 'promtool'), PACKAGE];
  await goBuild({ module: MODULE, args }, progress);
  return true;
}
