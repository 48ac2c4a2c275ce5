import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { locked, type Progress } from '../cache.ts';
import { requirePackages } from '../debian.ts';
import { imageArchive } from './images.ts';
import { BUILD_BASE, NODE_BASE } from './recipes.ts';

const run = promisify(execFile);
const PROJECT = join(import.meta.dirname, '..', '..', '..');
/** Where the build stage finds what npm needs besides its settings. */
const SETTINGS = '/run/npm';

export interface OperatorImage {
  /** As manifests/base names it. */
  readonly name: string;
  /** An OCI archive. */
  readonly archive: string;
}

/** The archive in dist/ that is of the sources as they are; built if they have changed. */
export async function operatorImage(progress: Progress): Promise<OperatorImage> {
  const archive = join(PROJECT, 'dist', 'seccomp-operator.tar');
  const stamp = `${archive}.sources`;
  const sources = await sourcesDigest();
  const isCurrent = async () => existsSync(archive) && (await readFile(stamp, 'utf8').catch(() => '')) === sources;
  return locked(
    archive,
    line => progress(`the operator's image: ${line}`),
    async () => {
      if (await isCurrent()) return { name: imageName(await packageVersion()), archive };
      await rm(stamp, { force: true });
      const image = await buildOperatorImage(archive, progress);
      await writeFile(stamp, sources);
      return image;
    },
  );
}

/**
 * The same image as another release: its programs say that version, and so does its tag. Made of the one that is there, in
 * seconds.
 */
export async function otherRelease(version: string, directory: string, progress: Progress): Promise<OperatorImage> {
  const present = await operatorImage(progress);
  const presentVersion = await packageVersion();
  const name = imageName(version);
  const archive = join(directory, `seccomp-operator-${version}.tar`);
  progress(`making image ${name}`);
  await withBuildah(async buildah => {
    await pull(buildah, present.archive, present.name);
    const container = (await buildah('from', '--pull-never', present.name)).trim();
    const root = (await buildah('mount', container)).trim();
    for (const program of ['agent.js', 'operator.js', 'violations.js']) {
      const file = join(root, 'app', program);
      const text = await readFile(file, 'utf8');
      const changed = text.replaceAll(`"${presentVersion}"`, `"${version}"`);
      if (changed === text) throw new Error(`${program} in ${present.name} does not say its version`);
      await writeFile(file, changed);
    }
    await buildah('commit', '--quiet', '--squash', '--rm', container, name);
    await buildah('push', '--quiet', name, `oci-archive:${archive}:${name}`);
  });
  return { name, archive };
}

/** Of all that the Dockerfile copies, and itself. */
async function sourcesDigest(): Promise<string> {
  const hash = createHash('sha256');
  const copied = ['scripts', 'src', 'manifests/agent-daemonset.yaml', 'LICENSE', 'package.json', 'package-lock.json'];
  for (const path of ['Dockerfile', ...copied].sort())
    for (const file of await filesBelow(join(PROJECT, path))) hash.update(`${file}\n`).update(await readFile(file));
  return hash.update(process.version).digest('hex');
}

async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter(each => each.isFile())
    .map(each => join(each.parentPath, each.name))
    .sort();
}

/**
 * Builds the project's Dockerfile without a daemon or an image registry, on bases made from this machine, with all
 * files dated at SOURCE_DATE_EPOCH (reproducible-builds.org), which is 0 if it is not set.
 */
export async function buildOperatorImage(archive: string, progress: Progress): Promise<OperatorImage> {
  await requirePackages({ buildah: '/usr/bin/buildah' }, progress);
  const bases = [BUILD_BASE, NODE_BASE];
  const archives = await Promise.all(bases.map(base => imageArchive(base, progress)));
  const name = imageName(await packageVersion());
  await withBuildah(async (buildah, directory) => {
    for (const [index, base] of bases.entries()) await pull(buildah, archives[index] as string, base.name);
    progress(`building image ${name}`);
    const settings = join(directory, 'npm');
    await writeNpmSettings(settings);
    const epoch = process.env['SOURCE_DATE_EPOCH'] ?? '0';
    const given = { BUILD_BASE: BUILD_BASE.name, BASE: NODE_BASE.name, SOURCE_DATE_EPOCH: epoch };
    await buildah(
      'build',
      '--isolation=chroot',
      '--pull-never',
      ...Object.entries(given).map(([key, value]) => `--build-arg=${key}=${value}`),
      `--timestamp=${epoch}`,
      `--secret=id=npmrc,src=${settings}/npmrc`,
      `--volume=${settings}:${SETTINGS}:ro`,
      `--tag=${name}`,
      PROJECT,
    );
    await mkdir(dirname(archive), { recursive: true });
    await buildah('push', '--quiet', name, `oci-archive:${archive}.new:${name}`);
    await rename(`${archive}.new`, archive);
  });
  return { name, archive };
}

async function packageVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** The image that `kubectl apply -k manifests/base` of that version runs, as containerd knows it. */
const imageName = (version: string): string => `docker.io/library/seccomp-operator:v${version}`;

type Buildah = (...args: string[]) => Promise<string>;

async function pull(buildah: Buildah, archive: string, name: string): Promise<void> {
  const id = await buildah('pull', '--quiet', `oci-archive:${archive}`);
  await buildah('tag', id.trim(), name);
}

/** With a store of its own, which goes with the directory: whatever else this machine builds is not touched. */
async function withBuildah(work: (buildah: Buildah, directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'image-build-'));
  try {
    await work((...args) => runBuildah(directory, args), directory);
  } finally {
    await runBuildah(directory, ['umount', '--all']).catch(() => {});
    await rm(directory, { recursive: true, force: true });
  }
}

async function runBuildah(directory: string, args: readonly string[]): Promise<string> {
  const store = [`--root=${directory}/store`, `--runroot=${directory}/run`, '--storage-driver=overlay'];
  const env = { ...process.env, TMPDIR: directory };
  try {
    const { stdout } = await run('buildah', [...store, ...args], { env, maxBuffer: 1 << 26 });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`buildah ${args[0]} failed:\n${`${stdout}${stderr}`.slice(-4_000)}`);
  }
}

/** What npm is told on this machine (where its registry is, whom to trust), for the npm of the build stage. */
async function writeNpmSettings(directory: string): Promise<void> {
  await mkdir(directory);
  const get = async (key: string) => (await run('npm', ['config', 'get', key], { cwd: tmpdir() })).stdout.trim();
  const settings = [
    await readFile(await get('userconfig'), 'utf8').catch(() => ''),
    `registry=${await get('registry')}`,
  ];
  const authorities = process.env['NODE_EXTRA_CA_CERTS'] ?? (await get('cafile'));
  if (existsSync(authorities)) {
    await copyFile(authorities, join(directory, 'ca.crt'));
    settings.push(`cafile=${SETTINGS}/ca.crt`);
  }
  await writeFile(join(directory, 'npmrc'), `${settings.join('\n')}\n`);
}
