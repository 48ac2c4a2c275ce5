/** Why a node could not hold a profile as it should: the reason in its report. */
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

/** A failure of the node's disk. The message says what, where and what to do, in at most 256 characters. */
export class HostError extends Error {
  override readonly name = 'HostError';
  readonly reason: HostFailureReason;

  constructor(reason: HostFailureReason, what: string, path: string, remedy: string, options?: ErrorOptions) {
    super(fitMessage(what, path, remedy), options);
    this.reason = reason;
  }

  /** What a failed system call means to a person; an error that is explained already stays as it is. */
  static from(error: unknown, path: string): HostError {
    if (error instanceof HostError) return error;
    const code = errorCode(error);
    const known = code === undefined ? undefined : MEANING[code];
    if (known) return new HostError(known.reason, known.what, path, known.remedy, { cause: error });
    const detail = code ?? (error instanceof Error ? error.message : String(error));
    return new HostError('IoError', `input/output failed (${detail})`, path, 'see the kernel log of the node', {
      cause: error,
    });
  }
}

/** The `code` of a system call's error, such as ENOENT. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

interface Meaning {
  readonly reason: HostFailureReason;
  readonly what: string;
  readonly remedy: string;
}

const DENIED: Meaning = {
  reason: 'PermissionDenied',
  what: 'permission denied',
  remedy: "give the agent's user write access, or check SELinux and AppArmor denials",
};
const NO_DIRECTORY: Meaning = {
  reason: 'DirectoryMissing',
  what: 'the directory was moved or deleted',
  remedy: 'the agent opens it again by itself',
};

const MEANING: Readonly<Record<string, Meaning>> = {
  // ENOSPC is also what a file system without free inodes answers.
  ENOSPC: { reason: 'DiskFull', what: 'no space left', remedy: 'free space or inodes (df, df -i) on the node' },
  EDQUOT: { reason: 'DiskFull', what: 'disk quota exceeded', remedy: 'free space or raise the quota on the node' },
  EROFS: { reason: 'ReadOnlyFilesystem', what: 'file system is read-only', remedy: 'mount it read-write again' },
  EACCES: DENIED,
  EPERM: DENIED,
  ERR_ACCESS_DENIED: DENIED,
  ENOENT: NO_DIRECTORY,
  ESTALE: NO_DIRECTORY,
  EISDIR: { reason: 'NotARegularFile', what: 'a directory is in the place of', remedy: 'move it away' },
};

const MAX_MESSAGE = 256;

/** A path too long for the message loses its head: the file's name is what tells profiles apart. */
function fitMessage(what: string, path: string, remedy: string): string {
  const room = MAX_MESSAGE - `${what} : ${remedy}`.length;
  const shown = path.length <= room ? path : `…${path.slice(path.length - Math.max(room - 1, 0))}`;
  return `${what} ${shown}: ${remedy}`.slice(0, MAX_MESSAGE);
}
