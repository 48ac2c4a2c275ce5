import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What every image has: merged directories as Debian's, a place for temporary files, root and one who is not. */
export async function makeRoot(root: string): Promise<void> {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(join(root, 'usr', name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  for (const name of ['dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'var'])
    await mkdir(join(root, name), { recursive: true });
  await chmod(join(root, 'tmp'), 0o1777);
  const users = ['root:x:0:0:root:/root:/bin/sh', 'nonroot:x:65532:65532:nonroot:/tmp:/bin/sh'];
  await writeFile(join(root, 'etc/passwd'), `${users.join('\n')}\n`);
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n');
}

/** A program of this machine, at a path of its own, with the shared libraries that it is linked to. */
export async function addProgram(root: string, program: string, path: string): Promise<void> {
  await place(program, join(root, path));
  for (const library of await libraries(program)) await place(library, join(root, library));
}

/** ldd(1); nothing for a program that is linked statically. */
async function libraries(program: string): Promise<string[]> {
  const { stdout } = await run('ldd', [program]).catch(() => ({ stdout: '' }));
  return [...stdout.matchAll(/(\/\S+)(?= \(0x)/g)].map(([path]) => path);
}

async function place(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  if (!existsSync(to)) await copyFile(from, to);
  await chmod(to, 0o755);
}
