import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { cp, mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findNodeBinaries } from '../node-binaries.ts';
import type { ImageRecipe } from './images.ts';
import { addProgram } from './root-file-system.ts';

const run = promisify(execFile);

/** The process of a Pod's sandbox. */
export const PAUSE: ImageRecipe = {
  name: 'cluster.test/pause:1',
  config: { Entrypoint: ['/pause'], User: '65535:65535' },
  async fill(root, progress) {
    await addProgram(root, join(await findNodeBinaries(progress), 'pause'), 'pause');
  },
};

/** A shell and its tools, linked statically. */
export const BUSYBOX: ImageRecipe = {
  name: 'cluster.test/busybox:1',
  config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
  packages: ['busybox-static'],
  async fill(root) {
    const { stdout } = await run(join(root, 'bin/busybox'), ['--list']);
    for (const applet of stdout.trim().split('\n'))
      if (applet !== 'busybox') await symlink('busybox', join(root, 'bin', applet));
  },
};

/** Real programs as Debian packages them, to run them confined. */
export const PROGRAMS: ImageRecipe = {
  name: 'cluster.test/programs:1',
  config: { Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'] },
  packages: ['dash', 'nginx', 'redis-server', 'python3', 'nodejs'],
  async fill(root) {
    for (const unused of ['share/perl', 'share/perl5', 'lib/x86_64-linux-gnu/perl', 'lib/x86_64-linux-gnu/perl-base'])
      await rm(join(root, 'usr', unused), { recursive: true, force: true });
    for (const written of ['var/lib/nginx', 'var/log/nginx', 'var/lib/redis'])
      await mkdir(join(root, written), { recursive: true });
  },
};

/** What the final stage of the Dockerfile stands on: the Node that the lock file names, and what it is linked to. */
export const NODE_BASE: ImageRecipe = {
  name: 'cluster.test/node-base:1',
  config: { Entrypoint: ['/usr/bin/node'], Env: ['PATH=/usr/bin'], User: '65532:65532' },
  async fill(root) {
    await addProgram(root, process.execPath, 'usr/bin/node');
  },
};

/** What its build stage stands on: the same Node, with a shell and this machine's npm. */
export const BUILD_BASE: ImageRecipe = {
  name: 'cluster.test/build-base:1',
  config: { Env: ['PATH=/usr/bin:/bin'] },
  packages: ['dash', 'coreutils', 'ca-certificates'],
  async fill(root) {
    await addProgram(root, process.execPath, 'usr/bin/node');
    const npm = join(root, 'usr/lib/node_modules/npm');
    await cp(await npmDirectory(), npm, { recursive: true, dereference: true });
    await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/bin/npm'));
    await symlink('../lib/node_modules/npm/bin/npx-cli.js', join(root, 'usr/bin/npx'));
  },
};

async function npmDirectory(): Promise<string> {
  // npm tells what it runs where it is.
  const cli = process.env['npm_execpath'] ?? (await run('sh', ['-c', 'command -v npm'])).stdout.trim();
  return dirname(dirname(realpathSync(cli)));
}
