import { AUDIT_SECCOMP, recordOfText, type SeccompRecord } from '../../core/audit/record.ts';
import type { Libc } from './libc.ts';
import { NetlinkSocket } from './socket.ts';

/** Of linux/netlink.h and linux/audit.h. */
const NETLINK_AUDIT = 9;
const AUDIT_NLGRP_READLOG = 1;

/**
 * The kernel's audit records as it makes them, whether an audit daemon runs or not. Takes CAP_AUDIT_READ in the initial
 * user namespace (`audit_multicast_bind` in kernel/audit.c) and the initial network namespace: in another one the group
 * exists and stays silent.
 */
export class AuditSocket {
  readonly #socket: NetlinkSocket;
  #dropped = 0;

  constructor(libc: Libc) {
    this.#socket = new NetlinkSocket(libc, NETLINK_AUDIT, 'audit records');
    try {
      // Before it joins: on a node with audit rules most messages are of other types.
      this.#socket.only(AUDIT_SECCOMP);
      this.#socket.join(AUDIT_NLGRP_READLOG);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  listen(readable: () => void): void {
    this.#socket.listen(readable);
  }

  /** What is there now, one after another. Text that is no record of a kernel we know is given as it is. */
  receive(record: (record: SeccompRecord) => void, unreadable: (text: string) => void): void {
    this.#socket.receive((bytes, start, end) => {
      const text = bytes.toString('latin1', start, end);
      const found = recordOfText(text);
      if (found) record(found);
      else unreadable(text);
    });
  }

  /** Records that were dropped since the last call. */
  lost(): number {
    const total = this.#socket.drops();
    const lost = (total - this.#dropped) >>> 0;
    this.#dropped = total;
    return lost;
  }

  close(): void {
    this.#socket.close();
  }
}
