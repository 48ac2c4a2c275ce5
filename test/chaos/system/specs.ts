import { createHash } from 'node:crypto';
import { Random } from './random.ts';

export interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly { index: number; value: number; valueTwo?: number; op: string }[];
}

export interface Spec {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly baseProfileName?: string;
  readonly syscalls: readonly Rule[];
}

/** The call whose argument says which version of the profile, or of its base, this is. No other rule is about it. */
const MARKS = { own: 'personality', base: 'uselib' } as const;
type Part = keyof typeof MARKS;

/** A base and what is based on it have no call in common: then what comes of both is what is in either. */
const CALLS: Readonly<Record<Part, readonly string[]>> = {
  own: 'mount umount2 swapon swapoff reboot sethostname setdomainname init_module delete_module kexec_load acct quotactl \
nfsservctl pivot_root chroot settimeofday adjtimex clock_settime iopl ioperm ptrace process_vm_readv keyctl add_key \
request_key bpf perf_event_open userfaultfd unshare setns'.split(' '),
  base: 'fanotify_init open_by_handle_at name_to_handle_at lookup_dcookie move_pages mbind migrate_pages \
set_mempolicy get_mempolicy vmsplice'.split(' '),
};

/** What version so-and-so of a profile says: whoever knows both knows all of it. */
export function specOf(profile: string, version: number, base?: string): Spec {
  const part = partOf(profile);
  const seed = createHash('sha256').update(`${profile} ${version}`).digest().readUInt32LE();
  const random = new Random(seed);
  const action = { action: 'SCMP_ACT_ERRNO', errnoRet: random.between(1, 130) };
  const mark = { names: [MARKS[part]], action: 'SCMP_ACT_ERRNO', errnoRet: 1, args: [isEqual(0, version)] };
  // From half a page to dozens, so that a part of a file shows.
  const many = Array.from({ length: 2 ** random.between(0, 8) }, (_, at) => ({
    names: part === 'own' ? ['ioctl'] : ['fcntl'],
    ...action,
    args: [isEqual(1, at * 1000 + random.between(0, 999))],
  }));
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    ...(base ? { baseProfileName: base } : {}),
    syscalls: [mark, { names: random.some(CALLS[part]), ...action }, ...many],
  };
}

export const isBase = (profile: string): boolean => profile.startsWith('base-');

export const partOf = (profile: string): Part => (isBase(profile) ? 'base' : 'own');

/** Version of a spec or a file, by its mark; undefined where it has none, or several. */
export function versionOf({ syscalls = [] }: Partial<Spec>, part: Part = 'own'): number | undefined {
  const marks = syscalls.filter(({ names }) => names?.includes(MARKS[part]));
  return marks.length === 1 ? marks[0]?.args?.[0]?.value : undefined;
}

function isEqual(index: number, value: number) {
  return { index, value, op: 'SCMP_CMP_EQ' };
}
