import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PROFILE_DIRECTORY } from '../core/names.ts';
import { isProfileFileName } from '../core/profile/file-name.ts';
import { removeEntry, removeTemporaries } from './atomic-file.ts';
import { BESIDE, LINK_IN_THE_MAKING } from './directory-chain.ts';
import { DirectoryHandle } from './directory-handle.ts';
import { errorCode, HostError } from './errors.ts';
import { InstalledCopies } from './installed-copies.ts';

export interface Removal {
  /** Profiles that were removed. */
  readonly files: number;
  /** What stays in a directory of ours, since we did not write it. */
  readonly left: readonly string[];
}

const COPIES = InstalledCopies.directoryName;

/**
 * Removes every profile that is ours, our private copies, our link and the directories that are empty then: for a node that
 * no agent will serve any more. Can be done again after it was interrupted. Throws a HostError.
 */
export async function removeEverything(kubeletRoot: string): Promise<Removal> {
  await using root = await DirectoryHandle.openRoot(kubeletRoot);
  await using seccomp = await root.openPresent('seccomp');
  if (!seccomp) return { files: 0, left: [] };
  try {
    await removeOwnLinks(seccomp);
    const removals = [await removeDirectory(seccomp, PROFILE_DIRECTORY), await removeDirectory(seccomp, BESIDE)];
    await seccomp.sync();
    return {
      files: removals.reduce((sum, { files }) => sum + files, 0),
      left: removals.flatMap(({ left }) => left),
    };
  } catch (error) {
    throw HostError.from(error, seccomp.path);
  }
}

async function removeOwnLinks(seccomp: DirectoryHandle): Promise<void> {
  const entrance = await seccomp.entry(PROFILE_DIRECTORY);
  if (entrance.kind === 'link' && entrance.target === BESIDE) await removeEntry(seccomp, PROFILE_DIRECTORY);
  const unfinished = await seccomp.entry(LINK_IN_THE_MAKING);
  if (unfinished.kind === 'link') await removeEntry(seccomp, LINK_IN_THE_MAKING);
}

async function removeDirectory(seccomp: DirectoryHandle, name: string): Promise<Removal> {
  await using profiles = await seccomp.openPresent(name);
  if (!profiles) return { files: 0, left: [] };
  const files = await removeOwned(profiles);
  const left = await profiles.list();
  if (left.length === 0) await rmdir(seccomp.at(name));
  return { files, left: left.map(each => join(profiles.path, each)) };
}

/** A copy says that the file of its name is ours. It goes last, so that nothing is forgotten when this is interrupted. */
async function removeOwned(profiles: DirectoryHandle): Promise<number> {
  await using copies = await profiles.openPresent(COPIES);
  if (!copies) return 0;
  const owned = (await copies.list()).filter(isProfileFileName);
  let files = 0;
  for (const fileName of owned) if (await removeIfFile(profiles, fileName)) files++;
  await removeTemporaries(profiles);
  await profiles.sync();
  for (const fileName of owned) await removeEntry(copies, fileName);
  await removeTemporaries(copies);
  if ((await copies.list()).length === 0) await rmdir(profiles.at(COPIES));
  return files;
}

/** Somebody has put a directory in the place of a file: it is not ours. */
async function removeIfFile(profiles: DirectoryHandle, fileName: string): Promise<boolean> {
  try {
    return await removeEntry(profiles, fileName);
  } catch (error) {
    if (errorCode(error) === 'EISDIR') return false;
    throw error;
  }
}
