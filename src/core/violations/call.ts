import { verdictOf } from '../audit/action.ts';
import type { SeccompRecord } from '../audit/record.ts';
import { syscallName } from '../syscalls/table.ts';
import { archOfRecord } from '../trace/audit.ts';

/** A call with its outcome, in the words of profiles. */
export interface Call {
  readonly syscall: string;
  readonly architecture: string;
  readonly action: string;
}

/** What of a record decides on the {@link Call}. */
export type RawCall = Pick<SeccompRecord, 'arch' | 'syscall' | 'code'>;

/** In names; by number where this version knows none. */
export function callOf({ arch, syscall, code }: RawCall): Call {
  const architecture = archOfRecord(arch, syscall);
  const { action = `0x${code.toString(16)}` } = verdictOf(code);
  return {
    syscall: (architecture && syscallName(architecture, syscall)) ?? `syscall_0x${(syscall >>> 0).toString(16)}`,
    architecture: architecture ?? `0x${arch.toString(16)}`,
    action,
  };
}

/** The same text for the same call. */
export const callKey = ({ syscall, architecture, action }: Call): string => `${syscall} ${architecture} ${action}`;
