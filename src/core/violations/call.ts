import { verdictOf } from '../audit/action.ts';
import type { SeccompRecord } from '../audit/record.ts';
import { type SyscallArch, syscallName } from '../syscalls/table.ts';
import { archOfRecord } from '../trace/audit.ts';

/** A call with its outcome, in the words of profiles. */
export interface Call {
  readonly syscall: string;
  readonly architecture: string;
  readonly action: string;
}

/** What of a record decides on the {@link Call}. */
export type RawCall = Pick<SeccompRecord, 'arch' | 'syscall' | 'code'>;

/** The action of calls that were let through and logged. */
export const LOGGED = 'SCMP_ACT_LOG';

/** In names; by number where this version knows none. */
export function callOf({ arch, syscall, code }: RawCall): Call {
  const architecture = architectureOf({ arch, syscall });
  const { action = `0x${code.toString(16)}` } = verdictOf(code);
  return { syscall: callNamed(architecture, syscall), architecture, action };
}

/** As libseccomp names it; its number where this version does not know it. */
export const architectureOf = ({ arch, syscall }: Pick<RawCall, 'arch' | 'syscall'>): string =>
  archOfRecord(arch, syscall) ?? `0x${arch.toString(16)}`;

/** The name of a number on that architecture; `syscall_0x1f4` where this version knows none. */
export const callNamed = (architecture: string, number: number): string =>
  syscallName(architecture as SyscallArch, number) ?? `syscall_0x${(number >>> 0).toString(16)}`;

/** The same text for the same call. */
export const callKey = ({ syscall, architecture, action }: Call): string => `${syscall} ${architecture} ${action}`;
