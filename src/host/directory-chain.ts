import { PROFILE_DIRECTORY } from '../core/names.ts';
import { DirectoryHandle } from './directory-handle.ts';
import { HostError } from './errors.ts';
import { InstalledCopies } from './installed-copies.ts';

const SECCOMP = 'seccomp';
const COPIES = InstalledCopies.directoryName;
/**
 * Where our files are while `operator` is, or was, another operator's link. A link can be replaced in one step (rename(2))
 * by another link and by nothing else, so `operator` becomes a link to this directory beside it, and stays one.
 */
export const BESIDE = 'seccomp-operator.dev';
/** The link on its way to its place. */
export const LINK_IN_THE_MAKING = `.${BESIDE}.link`;

/**
 * How a runtime gets from `operator` to our files: it is the directory, or a link to the one beside it; or it does not get
 * there yet, since `operator` is a link that {@link takePlace} may replace, or is missing.
 */
type Entrance = 'directory' | 'link' | 'none';

/** The kubelet's root and the directories down from it to our private copies, all held open. */
export interface DirectoryChain {
  readonly root: DirectoryHandle;
  readonly seccomp: DirectoryHandle;
  readonly profiles: DirectoryHandle;
  readonly copies: DirectoryHandle;
  readonly entrance: Entrance;
}

/**
 * Opens the chain, making what is missing below the root. `replaceLink`: what another operator's link in the place of
 * `operator` says; ours is filled beside it then. Throws a HostError.
 */
export async function openChain(kubeletRoot: string, replaceLink = ''): Promise<DirectoryChain> {
  const opened: DirectoryHandle[] = [];
  const keep = async (opening: Promise<DirectoryHandle>) => {
    const directory = await opening;
    opened.push(directory);
    return directory;
  };
  try {
    const root = await keep(DirectoryHandle.openRoot(kubeletRoot));
    const seccomp = await keep(root.openChild(SECCOMP));
    const entrance = await entranceOf(seccomp, replaceLink);
    const profiles = await keep(seccomp.openChild(entrance === 'directory' ? PROFILE_DIRECTORY : BESIDE));
    const copies = await keep(profiles.openChild(COPIES));
    return { root, seccomp, profiles, copies, entrance };
  } catch (error) {
    await Promise.all(opened.map(directory => directory.close()));
    throw error;
  }
}

/** A directory that was filled beside a link is used too where that link is gone by now. */
async function entranceOf(seccomp: DirectoryHandle, replaceLink: string): Promise<Entrance> {
  const there = await seccomp.entry(PROFILE_DIRECTORY);
  if (there.kind === 'link' && there.target === BESIDE) return 'link';
  if (there.kind === 'link' && there.target === replaceLink) return 'none';
  if (there.kind === 'nothing' && (await seccomp.entry(BESIDE)).kind === 'directory') return 'none';
  return 'directory';
}

/** Puts a link to our directory where `operator` is, or is to be: a runtime finds what was there or what is here. */
export async function takePlace(chain: DirectoryChain, replaceLink: string): Promise<DirectoryChain> {
  if (chain.entrance !== 'none') return chain;
  const { seccomp } = chain;
  if ((await entranceOf(seccomp, replaceLink)) !== 'none') throw moved(chain);
  await seccomp.replaceLink(PROFILE_DIRECTORY, BESIDE, LINK_IN_THE_MAKING);
  return { ...chain, entrance: 'link' };
}

/** Are the directories held open still the ones that the container runtime finds, or is to find, by name? */
export async function isInPlace(chain: DirectoryChain, replaceLink = ''): Promise<boolean> {
  const { root, seccomp, profiles, copies, entrance } = chain;
  const links = [
    root.isAtItsPath(),
    root.holds(SECCOMP, seccomp),
    seccomp.holds(entrance === 'directory' ? PROFILE_DIRECTORY : BESIDE, profiles),
    profiles.holds(COPIES, copies),
    entranceOf(seccomp, replaceLink).then(now => now === entrance),
  ];
  return (await Promise.all(links)).every(Boolean);
}

export function moved({ profiles }: DirectoryChain): HostError {
  const remedy = 'the agent opens it again by itself';
  return new HostError('DirectoryMissing', 'the directory was moved, replaced or deleted:', profiles.path, remedy);
}

export async function closeChain({ root, seccomp, profiles, copies }: DirectoryChain): Promise<void> {
  await Promise.all([root, seccomp, profiles, copies].map(directory => directory.close()));
}
