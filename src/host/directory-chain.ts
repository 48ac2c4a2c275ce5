import { PROFILE_DIRECTORY } from '../core/names.ts';
import { DirectoryHandle } from './directory-handle.ts';
import { InstalledCopies } from './installed-copies.ts';

const NAMES = ['seccomp', PROFILE_DIRECTORY, InstalledCopies.directoryName] as const;

/** The kubelet's root and the directories down from it to our private copies, all held open. */
export interface DirectoryChain {
  readonly root: DirectoryHandle;
  readonly seccomp: DirectoryHandle;
  readonly profiles: DirectoryHandle;
  readonly copies: DirectoryHandle;
}

/** Opens the chain, making what is missing below the root. Throws a HostError. */
export async function openChain(kubeletRoot: string): Promise<DirectoryChain> {
  const opened = [await DirectoryHandle.openRoot(kubeletRoot)];
  try {
    for (const name of NAMES) opened.push(await (opened.at(-1) as DirectoryHandle).openChild(name));
  } catch (error) {
    await Promise.all(opened.map(directory => directory.close()));
    throw error;
  }
  const [root, seccomp, profiles, copies] = opened as [
    DirectoryHandle,
    DirectoryHandle,
    DirectoryHandle,
    DirectoryHandle,
  ];
  return { root, seccomp, profiles, copies };
}

/** Are the directories held open still the ones that the container runtime finds by name? */
export async function isInPlace({ root, seccomp, profiles, copies }: DirectoryChain): Promise<boolean> {
  const [first, second, third] = NAMES;
  const links = [
    root.isAtItsPath(),
    root.holds(first, seccomp),
    seccomp.holds(second, profiles),
    profiles.holds(third, copies),
  ];
  return (await Promise.all(links)).every(Boolean);
}

export async function closeChain({ root, seccomp, profiles, copies }: DirectoryChain): Promise<void> {
  await Promise.all([root, seccomp, profiles, copies].map(directory => directory.close()));
}
