import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where the programs of a control plane are. */
export interface Binaries {
  readonly directory: string;
  readonly source: 'KUBEBUILDER_ASSETS' | 'cache' | 'download' | 'build';
}

export type Progress = (line: string) => void;

const PROGRAMS = ['etcd', 'kube-apiserver', 'kubectl'];
const BUILT_PROGRAMS = [...PROGRAMS, 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet'];
const MODULE = join(import.meta.dirname, 'kube');
/** The release that upstream packages for tests like these; the one built here is that of go.mod. */
const RELEASE = 'v1.37.0';
const RELEASES = 'https://github.com/kubernetes-sigs/controller-tools/releases/download';

/**
 * KUBEBUILDER_ASSETS if set, else what is cached, else upstream's download, else a build from Go modules.
 * SECCOMP_OPERATOR_KUBE=download or =build goes that way only.
 */
export async function findBinaries(progress: Progress): Promise<Binaries> {
  const given = process.env['KUBEBUILDER_ASSETS'];
  if (given) return { directory: complete(given), source: 'KUBEBUILDER_ASSETS' };
  const directory = await cacheDirectory();
  if (isComplete(directory)) return { directory, source: 'cache' };
  return locked(`${directory}.holder`, progress, async () => {
    if (isComplete(directory)) return { directory, source: 'cache' };
    const way = process.env['SECCOMP_OPERATOR_KUBE'];
    if (way !== 'build' && (await place(directory, into => download(into, progress))))
      return { directory, source: 'download' };
    if (way === 'download') throw new Error(`Kubernetes ${RELEASE} could not be downloaded from ${RELEASES}`);
    await place(directory, into => compile(into, progress));
    return { directory, source: 'build' };
  });
}

const isComplete = (directory: string): boolean => PROGRAMS.every(program => existsSync(join(directory, program)));

function complete(directory: string): string {
  const missing = PROGRAMS.filter(program => !existsSync(join(directory, program)));
  if (missing.length)
    throw new Error(`KUBEBUILDER_ASSETS=${directory} lacks ${missing.join(', ')}: see "setup-envtest use"`);
  return directory;
}

async function cacheDirectory(): Promise<string> {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${RELEASE}`);
  for (const file of ['go.mod', 'go.sum', 'main.go']) hash.update(await readFile(join(MODULE, file)));
  const root = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(root, 'seccomp-operator', `kube-${hash.digest('hex').slice(0, 16)}`);
}

/**
 * Fills a directory beside its place and moves it there, so that a half-filled one is never taken for good. The lock is
 * held: what is beside its place already was left by a process that was killed.
 */
async function place(directory: string, fill: (into: string) => Promise<boolean>): Promise<boolean> {
  const into = `${directory}.new`;
  await rm(into, { recursive: true, force: true });
  await mkdir(into);
  try {
    if (!(await fill(into))) return false;
    await rm(directory, { recursive: true, force: true });
    await rename(into, directory);
    return true;
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}

/** One process fetches or builds, others wait for it. */
async function locked<T>(lock: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  await mkdir(join(lock, '..'), { recursive: true });
  let isTold = false;
  while (!(await take(lock))) {
    if (!isTold) progress('another process is getting Kubernetes; waiting for it');
    isTold = true;
    await sleep(1_000);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** The lock is a link to the pid of its holder: made in one step, and void once that process has ended. */
async function take(lock: string): Promise<boolean> {
  try {
    await symlink(String(process.pid), lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = await readlink(lock).catch(() => undefined);
    if (holder && !isAlive(Number(holder))) await rm(lock, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: there is one, of another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
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
    return isComplete(into);
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

async function compile(into: string, progress: Progress): Promise<true> {
  progress('building Kubernetes from Go modules: about 10 minutes on 2 cores the first time, then cached');
  const version =
    /^\tk8s\.io\/kubernetes (v[\d.]+)$/m.exec(await readFile(join(MODULE, 'go.mod'), 'utf8'))?.[1] ?? 'v0.0.0';
  const [major, minor] = version.slice(1).split('.');
  const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap(path => [
    `-X ${path}.gitVersion=${version}`,
    `-X ${path}.gitMajor=${major}`,
    `-X ${path}.gitMinor=${minor}`,
    `-X ${path}.gitTreeState=clean`,
  ]);
  const from = performance.now();
  const timer = setInterval(
    () => progress(`still building (${Math.round((performance.now() - from) / 1000)} s)`),
    15_000,
  );
  try {
    await go(['build', '-trimpath', '-ldflags', `-s -w ${stamps.join(' ')}`, '-o', join(into, 'kube'), '.']);
  } finally {
    clearInterval(timer);
  }
  for (const program of BUILT_PROGRAMS) await symlink('kube', join(into, program));
  return true;
}

function go(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, {
      cwd: MODULE,
      env: { ...process.env, CGO_ENABLED: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', chunk => {
      errors = (errors + chunk).slice(-4_000);
    });
    child.once('error', () =>
      reject(new Error('Go is missing: install Go 1.26, or set KUBEBUILDER_ASSETS to the programs of envtest')),
    );
    child.once('exit', code => (code === 0 ? resolve() : reject(new Error(`go build failed:\n${errors}`))));
  });
}
