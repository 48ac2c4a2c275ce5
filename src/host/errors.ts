/** Why a file could not be put on the node, in one word that ends up in the profile's status. */
export type HostFailureReason =
  | 'DiskFull'
  | 'ReadOnlyFilesystem'
  | 'PermissionDenied'
  | 'NotARegularFile'
  | 'ForeignFile'
  | 'DirectoryForeign'
  | 'DirectoryMissing'
  | 'VerifyFailed'
  | 'InvalidName'
  | 'IoError';

/** Its message says what is wrong, where, and what to do; at most 256 characters, for a status. */
export class HostError extends Error {
  readonly reason: HostFailureReason;

  constructor(reason: HostFailureReason, message: string) {
    super(message.length <= 256 ? message : `${message.slice(0, 255)}…`);
    this.reason = reason;
  }
}

const BY_CODE: Readonly<Record<string, [HostFailureReason, string]>> = {
  ENOSPC: ['DiskFull', 'no space (or no inode) left on the device: free some; it is tried again by itself'],
  EDQUOT: ['DiskFull', 'the disk quota is used up: raise it or free some; it is tried again by itself'],
  EROFS: ['ReadOnlyFilesystem', 'the file system is read-only: remount it read-write; it is tried again by itself'],
  EACCES: ['PermissionDenied', 'permission denied: the agent must run as uid 0, and the directory must belong to it'],
  EPERM: ['PermissionDenied', 'not permitted: is the file immutable (lsattr), or a security module in the way?'],
  ELOOP: ['NotARegularFile', 'a symbolic link is in its place: remove it'],
  EISDIR: ['NotARegularFile', 'a directory is in its place: remove it'],
  ENOTDIR: ['DirectoryForeign', 'something that is no directory is in its place: remove it'],
};

/** Puts a system error into the words above; `path` is the one a person on the node would name. */
export function hostError(error: unknown, path: string): HostError {
  if (error instanceof HostError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const [reason, advice] = BY_CODE[code] ?? ['IoError', `${message}: see the node's kernel log`];
  return new HostError(reason, `${path}: ${advice}`);
}

export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
