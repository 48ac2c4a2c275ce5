import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Progress } from './cache.ts';

const run = promisify(execFile);

/** Installs the Debian packages whose files are not there; says which to install where that cannot be done. */
export async function requirePackages(files: Readonly<Record<string, string>>, progress: Progress): Promise<void> {
  const missing = Object.keys(files).filter(name => !existsSync(files[name] ?? ''));
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new Error(`missing: ${missing.map(name => files[name]).join(', ')}. As root on Debian: ${command}`);
  progress(`installing ${missing.join(', ')}`);
  const install = () => apt(command.split(' ').slice(1));
  await install().catch(async () => {
    // Its lists may be missing or old.
    await apt(['update']);
    await install();
  });
}

async function apt(args: readonly string[]): Promise<void> {
  // Another apt-get may be running: wait for its lock.
  const options = ['-o', 'DPkg::Lock::Timeout=300', '-q'];
  try {
    await run('apt-get', [...options, ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 1 << 26,
    });
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`apt-get ${args.join(' ')} failed: ${stderr ?? (error as Error).message}`);
  }
}

/** What only people read. */
const UNREAD = ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/info', 'usr/share/lintian'];

/** Unpacks packages and all that they depend on into a directory; this machine's own packages do not change. */
export async function extractPackages(names: readonly string[], root: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'packages-'));
  try {
    const archives = join(directory, 'archives');
    await mkdir(join(archives, 'partial'), { recursive: true });
    const nothingInstalled = join(directory, 'status');
    await writeFile(nothingInstalled, '');
    const apart = [`Dir::State::status=${nothingInstalled}`, `Dir::Cache::archives=${archives}`, 'Debug::NoLocking=1'];
    const options = ['APT::Sandbox::User=root', 'APT::Install-Recommends=0', ...apart].flatMap(each => ['-o', each]);
    const download = () => apt([...options, '-y', '--download-only', 'install', ...names]);
    await download().catch(async () => {
      await apt(['update']);
      await download();
    });
    for (const name of (await readdir(archives)).filter(each => each.endsWith('.deb')).sort())
      await extract(join(archives, name), root);
    for (const name of UNREAD) await rm(join(root, name), { recursive: true, force: true });
    if (existsSync(join(root, 'bin/dash')) && !existsSync(join(root, 'bin/sh')))
      await symlink('dash', join(root, 'bin/sh'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Not `dpkg-deb -x`: in a merged root file system a package's `bin` is a link that has to stay one. */
async function extract(archive: string, root: string): Promise<void> {
  const command = 'dpkg-deb --fsys-tarfile "$0" | tar -x --keep-directory-symlink -C "$1"';
  await run('bash', ['-o', 'pipefail', '-c', command, archive, root]);
}
