import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachePath, locked, type Progress, place } from '../cache.ts';
import { extractPackages } from '../debian.ts';
import { type ImageConfig, writeArchive } from './archive.ts';
import { makeRoot } from './root-file-system.ts';

/** An image made of what this machine and its package sources have, without any image registry. */
export interface ImageRecipe {
  readonly name: string;
  readonly config: ImageConfig;
  /** Debian packages; what they need comes with them. Their own scripts do not run. */
  readonly packages?: readonly string[];
  fill(root: string, progress: Progress): Promise<void>;
}

/** The archive of an image, made once and cached. */
export async function imageArchive(recipe: ImageRecipe, progress: Progress): Promise<string> {
  const directory = cachePath(`image-${key(recipe)}`);
  const archive = join(directory, 'image.tar');
  if (existsSync(archive)) return archive;
  return locked(
    directory,
    line => progress(`image ${recipe.name}: ${line}`),
    async () => {
      if (existsSync(archive)) return archive;
      progress(`making image ${recipe.name}`);
      await place(directory, into => build(recipe, join(into, 'image.tar'), progress));
      return archive;
    },
  );
}

function key(recipe: ImageRecipe): string {
  const made = JSON.stringify([recipe.name, recipe.config, recipe.packages, String(recipe.fill), process.version]);
  return createHash('sha256').update(made).digest('hex').slice(0, 16);
}

async function build(recipe: ImageRecipe, archive: string, progress: Progress): Promise<true> {
  const directory = await mkdtemp(join(tmpdir(), 'image-root-'));
  const root = join(directory, 'root');
  try {
    await mkdir(root, { mode: 0o755 });
    await makeRoot(root);
    if (recipe.packages) await extractPackages(recipe.packages, root);
    await recipe.fill(root, progress);
    await writeArchive(archive, recipe.name, recipe.config, root);
    return true;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
