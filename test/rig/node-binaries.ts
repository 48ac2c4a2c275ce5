import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cachePath, locked, type Progress, place } from './cache.ts';
import { requirePackages } from './debian.ts';
import { goBuild } from './go.ts';

const MODULE = join(import.meta.dirname, 'node');
const CONTAINERD = 'github.com/containerd/containerd/v2';
const RUNC = 'github.com/opencontainers/runc';
const PLUGINS = 'github.com/containernetworking/plugins/plugins';

/** The directory of what a node runs below its kubelet: containerd, its shim and ctr, runc, pause, and `cni/`. */
export async function findNodeBinaries(progress: Progress): Promise<string> {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of ['go.mod', 'go.sum', 'pause/main.go']) hash.update(await readFile(join(MODULE, file)));
  const directory = cachePath(`node-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(directory)) return directory;
  return locked(
    directory,
    line => progress(`containerd and runc: ${line}`),
    async () => {
      if (!existsSync(directory)) await place(directory, into => compile(into, progress));
      return directory;
    },
  );
}

async function compile(into: string, progress: Progress): Promise<true> {
  // runc reaches libseccomp through cgo.
  await requirePackages({ 'libseccomp-dev': '/usr/include/seccomp.h' }, progress);
  const versions = await readFile(join(MODULE, 'go.mod'), 'utf8');
  const [containerd, runc] = [CONTAINERD, RUNC].map(path => version(versions, path)) as [string, string];
  progress(
    `building containerd ${containerd} and runc ${runc} from Go modules: about 4 minutes on 2 cores, then cached`,
  );
  await mkdir(join(into, 'cni'));
  const build = (output: string, stamp: string, tags: string, packages: readonly string[], cgo = false) => {
    const args = ['-tags', tags, '-ldflags', `-s -w ${stamp}`, '-o', `${into}/${output}`, ...packages];
    return goBuild({ module: MODULE, args, cgo }, progress);
  };
  const daemons = ['containerd', 'containerd-shim-runc-v2', 'ctr'].map(name => `${CONTAINERD}/cmd/${name}`);
  await build('', `-X ${CONTAINERD}/version.Version=${containerd}`, 'no_btrfs,no_devmapper,no_zfs', daemons);
  await build('runc', `-X main.version=${runc.slice(1)}`, 'seccomp', [RUNC], true);
  await build('cni/', '', '', [`${PLUGINS}/main/bridge`, `${PLUGINS}/main/loopback`, `${PLUGINS}/ipam/host-local`]);
  await build('pause', '', '', ['./pause']);
  return true;
}

function version(requirements: string, path: string): string {
  const found = requirements.split('\n').find(line => line.startsWith(`\t${path} v`));
  if (!found) throw new Error(`${MODULE}/go.mod does not require ${path}`);
  return found.trim().split(' ')[1] ?? '';
}
