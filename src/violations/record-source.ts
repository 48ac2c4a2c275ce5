import type { SeccompRecord } from '../core/audit/record.ts';

/** Where seccomp records come from. */
export interface RecordSource {
  /** Calls back whenever there is something to read. */
  listen(readable: () => void): void;
  /** What is there now, as far as one turn goes. Text that is no record of a kernel we know is given as it is. */
  receive(record: (record: SeccompRecord) => void, unreadable: (text: string) => void): void;
  /** Records that were lost since the last call. */
  lost(): number;
  close(): void;
}
