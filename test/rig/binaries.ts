import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cachePath, locked, type Progress, place } from './cache.ts';
import { goBuild } from './go.ts';

const run = promisify(execFile);

/** Where the programs of Kubernetes are. */
export interface Binaries {
  readonly directory: string;
  readonly source: 'KUBEBUILDER_ASSETS' | 'cache' | 'download' | 'build';
}

export interface BinariesOptions {
  /** What is needed: an API server to test against, or everything that a cluster with nodes runs. */
  readonly programs?: 'api-server' | 'cluster';
  /** A minor version such as v1.36; the one of kube/go.mod if it is not given. */
  readonly kubernetes?: string;
}

const PROGRAMS = {
  'api-server': ['etcd', 'kube-apiserver', 'kubectl'],
  cluster: ['etcd', 'kube-apiserver', 'kubectl', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet'],
};
const MODULE = join(import.meta.dirname, 'kube');
/** The release that upstream packages for tests like these; the one built here is that of go.mod. */
const RELEASE = 'v1.37.0';
const RELEASES = 'https://github.com/kubernetes-sigs/controller-tools/releases/download';

/**
 * KUBEBUILDER_ASSETS if set, else what is cached, else upstream's download, else a build from Go modules.
 * SECCOMP_OPERATOR_KUBE=download or =build goes that way only. Upstream packages an API server without nodes, and of one
 * version: anything else is built.
 */
export async function findBinaries(progress: Progress, options: BinariesOptions = {}): Promise<Binaries> {
  const { programs = 'api-server', kubernetes } = options;
  const needed = PROGRAMS[programs];
  const requirements = await moduleFile(kubernetes);
  const isDownloadable = programs === 'api-server' && requirements === 'go.mod';
  const given = process.env['KUBEBUILDER_ASSETS'];
  if (given && isDownloadable) return { directory: complete(given, needed), source: 'KUBEBUILDER_ASSETS' };
  // Older versions are for API servers: half as long to build.
  const isSmall = programs === 'api-server' && requirements !== 'go.mod';
  const directory = await cacheDirectory(requirements, isSmall);
  if (isComplete(directory, needed)) return { directory, source: 'cache' };
  return locked(
    directory,
    line => progress(`Kubernetes: ${line}`),
    async () => {
      if (isComplete(directory, needed)) return { directory, source: 'cache' };
      const way = process.env['SECCOMP_OPERATOR_KUBE'];
      if (isDownloadable && way !== 'build' && (await place(directory, into => download(into, progress))))
        return { directory, source: 'download' };
      if (way === 'download' && isDownloadable)
        throw new Error(`Kubernetes ${RELEASE} could not be downloaded from ${RELEASES}`);
      await place(directory, into => compile(into, requirements, isSmall, progress));
      return { directory, source: 'build' };
    },
  );
}

/** The minor versions of Kubernetes that can be built here: the newest, of go.mod, first. */
export async function kubernetesVersions(): Promise<string[]> {
  const others = (await readdir(MODULE)).filter(name => /^v[\d.]+\.mod$/.test(name)).map(name => name.slice(0, -4));
  return [minor(await kubernetesOf('go.mod')), ...others.sort().reverse()];
}

/** The minor version that is meant, with its `v`; the newest if none is given. */
export async function kubernetesVersion(wanted?: string): Promise<string> {
  const known = await kubernetesVersions();
  const version = wanted ? `v${wanted.replace(/^v/, '')}` : known[0];
  if (version && known.includes(version)) return version;
  throw new Error(
    `Kubernetes ${wanted} is not known here, only ${known.join(', ')}: to add one, see test/rig/README.md`,
  );
}

/** The file of module requirements for a minor version, as `go build -modfile` takes it. */
async function moduleFile(kubernetes: string | undefined): Promise<string> {
  const version = await kubernetesVersion(kubernetes);
  return version === (await kubernetesVersions())[0] ? 'go.mod' : `${version}.mod`;
}

const minor = (version: string): string => version.split('.').slice(0, 2).join('.');

async function kubernetesOf(requirements: string): Promise<string> {
  const text = await readFile(join(MODULE, requirements), 'utf8');
  return /^\tk8s\.io\/kubernetes (v[\d.]+)$/m.exec(text)?.[1] ?? 'v0.0.0';
}

const isComplete = (directory: string, programs: readonly string[]): boolean =>
  programs.every(program => existsSync(join(directory, program)));

function complete(directory: string, programs: readonly string[]): string {
  const missing = programs.filter(program => !existsSync(join(directory, program)));
  if (missing.length)
    throw new Error(`KUBEBUILDER_ASSETS=${directory} lacks ${missing.join(', ')}: see "setup-envtest use"`);
  return directory;
}

async function cacheDirectory(requirements: string, isSmall: boolean): Promise<string> {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${RELEASE}`);
  const sums = requirements.replace(/\.mod$/, '.sum');
  const sources = isSmall ? ['main.go'] : ['main.go', 'nodes.go'];
  for (const file of [requirements, sums, ...sources]) hash.update(await readFile(join(MODULE, file)));
  return cachePath(`kube-${isSmall ? 'apiserver-' : ''}${hash.digest('hex').slice(0, 16)}`);
}

async function download(into: string, progress: Progress): Promise<boolean> {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = `envtest-${RELEASE}-${process.platform}-${arch}.tar.gz`;
  const url = `${RELEASES}/envtest-${RELEASE}/${name}`;
  progress(`looking for Kubernetes ${RELEASE} at its download site`);
  try {
    await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(5_000) });
    progress('downloading it (about 100 MB)');
    const [archive, sums] = await Promise.all([get(url), get(`${url}.sha512`)]);
    const digest = createHash('sha512').update(archive).digest('hex');
    if (!sums.toString('utf8').startsWith(digest)) throw new Error('its checksum is wrong');
    const file = join(into, name);
    await writeFile(file, archive);
    await run('tar', ['-xzf', file, '-C', into, '--strip-components=2']);
    await rm(file);
    return isComplete(into, PROGRAMS['api-server']);
  } catch (error) {
    progress(`no download: ${(error as Error).message}`);
    return false;
  }
}

async function get(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(600_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

async function compile(into: string, requirements: string, isSmall: boolean, progress: Progress): Promise<true> {
  const version = await kubernetesOf(requirements);
  const [minutes, programs, tags] = isSmall
    ? [6, PROGRAMS['api-server'], ['-tags', 'apiserver']]
    : [10, PROGRAMS.cluster, []];
  progress(`building Kubernetes ${version} from Go modules: about ${minutes} minutes on 2 cores, then cached`);
  const [major, minor] = version.slice(1).split('.');
  const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap(path => [
    `-X ${path}.gitVersion=${version}`,
    `-X ${path}.gitMajor=${major}`,
    `-X ${path}.gitMinor=${minor}`,
    `-X ${path}.gitTreeState=clean`,
  ]);
  const output = ['-ldflags', `-s -w ${stamps.join(' ')}`, '-o', join(into, 'kube'), '.'];
  await goBuild({ module: MODULE, args: [`-modfile=${requirements}`, ...tags, ...output] }, progress);
  for (const program of programs) await symlink('kube', join(into, program));
  return true;
}
