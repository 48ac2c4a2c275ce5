/** Where the programs of the control plane come from; see README.md beside this file. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildKube, KUBE_MODULE } from './build.ts';
import { downloadKube } from './download.ts';
import { withLock } from './lock.ts';

export type Progress = (line: string) => void;

/** Paths of programs. */
export interface Binaries {
  readonly directory: string;
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubectl: string;
  /** Missing in upstream's release for tests, which has the three above alone. */
  readonly kubeControllerManager?: string;
  readonly source: Source;
}

export type Source = 'KUBEBUILDER_ASSETS' | 'download' | 'build';
/** How the cache is filled. */
type Way = Exclude<Source, 'KUBEBUILDER_ASSETS'>;

/**
 * Finds etcd, kube-apiserver and kubectl: in KUBEBUILDER_ASSETS, else in the cache, else downloaded, else built.
 * SECCOMP_OPERATOR_KUBE=download or =build allows that one way only.
 *
 * @throws Error that says what is missing and what to do
 */
export async function findBinaries({ progress = () => {} }: { progress?: Progress } = {}): Promise<Binaries> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets) return binariesIn(assets, 'KUBEBUILDER_ASSETS');
  const cache = await cacheDirectory();
  const ways = allowedWays();
  return (await cached(cache, ways)) ?? (await fill(cache, ways, progress));
}

function allowedWays(): readonly Way[] {
  const wanted = process.env.SECCOMP_OPERATOR_KUBE;
  if (!wanted) return ['download', 'build'];
  if (wanted === 'download' || wanted === 'build') return [wanted];
  throw new Error(`SECCOMP_OPERATOR_KUBE=${wanted}: it takes "download" or "build"`);
}

/** Named by all that decides what is built, so that another version never meets an old cache. */
async function cacheDirectory(): Promise<string> {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const file of ['go.mod', 'go.sum', 'main.go']) hash.update(await readFile(join(KUBE_MODULE, file)));
  const root = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(root, 'seccomp-operator', 'kube', hash.digest('hex').slice(0, 16));
}

async function cached(cache: string, ways: readonly Way[]): Promise<Binaries | undefined> {
  for (const way of ways) {
    const directory = join(cache, way);
    if (await isExecutable(directory)) return binariesIn(directory, way);
  }
  return undefined;
}

/** One process fills the cache; others that come meanwhile wait for it and find it full. */
async function fill(cache: string, ways: readonly Way[], progress: Progress): Promise<Binaries> {
  const waiting = () => progress('another process is getting etcd and kube-apiserver: waiting for it');
  return withLock(`seccomp-operator-kube:${cache}`, waiting, async () => {
    const found = await cached(cache, ways);
    if (found) return found;
    const failures: string[] = [];
    for (const way of ways) {
      try {
        await place(join(cache, way), directory => get(way, directory, progress));
        return await binariesIn(join(cache, way), way);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
        progress(`${way}: ${failures.at(-1)}`);
      }
    }
    throw new Error(`no etcd and kube-apiserver to test with: ${failures.join('; ')}`);
  });
}

function get(way: Way, directory: string, progress: Progress): Promise<void> {
  return way === 'download' ? downloadKube(directory, progress) : buildKube(directory, progress);
}

/** Makes a directory that is either whole or not there. */
async function place(directory: string, make: (temporary: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const temporary = await mkdtemp(`${directory}-`);
  try {
    await make(temporary);
    await rename(temporary, directory);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function binariesIn(directory: string, source: Source): Promise<Binaries> {
  const program = (name: string) => join(directory, name);
  for (const name of ['etcd', 'kube-apiserver', 'kubectl']) {
    if (!(await isExecutable(program(name)))) throw new Error(`${source}: there is no program ${name} in ${directory}`);
  }
  const controllerManager = program('kube-controller-manager');
  return {
    directory,
    etcd: program('etcd'),
    kubeApiserver: program('kube-apiserver'),
    kubectl: program('kubectl'),
    ...((await isExecutable(controllerManager)) ? { kubeControllerManager: controllerManager } : {}),
    source,
  };
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
