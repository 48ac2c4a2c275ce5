import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cachePath, locked, type Progress, place } from './cache.ts';
import { goBuild } from './go.ts';

const MODULE = join(import.meta.dirname, 'helm');
const PACKAGE = 'helm.sh/helm/v4';

/** The program helm: that of the environment variable HELM, or the cached one, or built with Go from helm/go.mod. */
export async function findHelm(progress: Progress): Promise<string> {
  const given = process.env['HELM'];
  if (given) return given;
  const requirements = await readFile(join(MODULE, 'go.mod'), 'utf8');
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${requirements}`);
  const directory = cachePath(`helm-${hash.digest('hex').slice(0, 16)}`);
  const program = join(directory, 'helm');
  if (existsSync(program)) return program;
  return locked(
    directory,
    line => progress(`Helm: ${line}`),
    async () => {
      if (!existsSync(program)) await place(directory, into => compile(into, requirements, progress));
      return program;
    },
  );
}

async function compile(into: string, requirements: string, progress: Progress): Promise<true> {
  const version = requirements.match(/^\t?(?:require )?helm\.sh\/helm\/v4 (v\S+)/m)?.[1] ?? 'v4';
  progress(`building Helm ${version} from Go modules: about 3 minutes on 2 cores, then cached`);
  const stamp = `-s -w -X ${PACKAGE}/internal/version.version=${version}`;
  await goBuild(
    { module: MODULE, args: ['-ldflags', stamp, '-o', join(into, 'helm'), `${PACKAGE}/cmd/helm`] },
    progress,
  );
  return true;
}
