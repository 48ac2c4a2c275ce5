import { closeSync, constants, openSync, readSync } from 'node:fs';
import { recordOfLine, type SeccompRecord } from '../core/audit/record.ts';
import { errorCode } from './errors.ts';
import type { Libc, Poll } from './netlink/libc.ts';

const PATH = '/dev/kmsg';
/** One read gives one record: Documentation/ABI/testing/dev-kmsg. */
const LONGEST = 8_192;
const TURN = 2_048;

/** `kauditd_printk_skb: 17 callbacks suppressed` (lib/ratelimit.c). */
const SUPPRESSED = /(?:kauditd|audit)_printk_skb: (\d+) callbacks suppressed/;

/**
 * Audit records as the kernel's log has them: at most ten in five seconds (sysctls kernel.printk_ratelimit and
 * kernel.printk_ratelimit_burst), and none at all while an audit daemon runs.
 */
export class KernelLog {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(LONGEST);
  #poll: Poll | undefined;
  #lost = 0;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#fd = openSync(PATH, constants.O_RDONLY | constants.O_NONBLOCK);
    // The log begins long before.
    while (this.#line() !== undefined);
    this.#lost = 0;
  }

  listen(readable: () => void): void {
    this.#poll = this.#libc.poll(this.#fd, readable);
  }

  receive(record: (record: SeccompRecord) => void): void {
    for (let count = 0; count < TURN; count++) {
      const line = this.#line();
      if (line === undefined) return;
      this.#lost += Number(SUPPRESSED.exec(line)?.[1] ?? 0);
      const found = recordOfLine(line);
      if (found) record(found);
    }
  }

  /** Records that the kernel says it suppressed, and one for each time that the log had gone on without us. */
  lost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  close(): void {
    this.#poll?.close();
    closeSync(this.#fd);
  }

  #line(): string | undefined {
    try {
      const length = readSync(this.#fd, this.#buffer, 0, LONGEST, null);
      return this.#buffer.toString('latin1', 0, length);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EAGAIN') return undefined;
      // Overwritten before it was read, or longer than the buffer.
      if (code !== 'EPIPE' && code !== 'EINVAL') throw error;
      this.#lost++;
      return '';
    }
  }
}
