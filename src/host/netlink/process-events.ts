import type { Libc } from './libc.ts';
import { NetlinkSocket } from './socket.ts';

/** Of linux/netlink.h, linux/connector.h and linux/cn_proc.h. */
const NETLINK_CONNECTOR = 11;
const CN_IDX_PROC = 1;
const CN_VAL_PROC = 1;
const NLMSG_DONE = 3;
const PROC_CN_MCAST_LISTEN = 1;
const PROC_EVENT_FORK = 0x1;
const PROC_EVENT_EXEC = 0x2;

/** struct nlmsghdr, struct cn_msg, and where in struct proc_event the fields of an event begin. */
const HEADER = 16;
const MESSAGE = 20;
const EVENT = 16;

export interface ProcessEvents {
  /** A process, not a thread. */
  forked(parent: number, child: number): void;
  executed(pid: number): void;
}

/**
 * The kernel's process connector: each fork and exec of the machine, told before the new process can make a call. Since
 * Linux 6.6 it takes no privilege, but the initial user, pid and network namespaces; before, CAP_NET_ADMIN.
 */
export class ProcessConnector {
  readonly #socket: NetlinkSocket;
  #dropped = 0;

  constructor(libc: Libc) {
    this.#socket = new NetlinkSocket(libc, NETLINK_CONNECTOR, 'process events');
    try {
      this.#socket.join(CN_IDX_PROC);
      this.#socket.send(subscription());
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  listen(readable: () => void): void {
    this.#socket.listen(readable);
  }

  receive(events: ProcessEvents): void {
    this.#socket.receive((bytes, start, end) => {
      const event = start + MESSAGE;
      const fields = event + EVENT;
      if (end < fields + 16) return;
      const what = bytes.readUInt32LE(event);
      if (what === PROC_EVENT_FORK) {
        const [parent, thread, child] = [4, 8, 12].map(at => bytes.readInt32LE(fields + at));
        if (thread === child) events.forked(parent as number, child as number);
      } else if (what === PROC_EVENT_EXEC) {
        events.executed(bytes.readInt32LE(fields + 4));
      }
    });
  }

  /** True when events were dropped since the last call. */
  hasMissed(): boolean {
    const total = this.#socket.drops();
    const missed = total !== this.#dropped;
    this.#dropped = total;
    return missed;
  }

  close(): void {
    this.#socket.close();
  }
}

/** struct proc_input with the events that are wanted; a kernel before 6.6 sends all of them. */
function subscription(): Buffer {
  const input = 8;
  const bytes = Buffer.alloc(HEADER + MESSAGE + input);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(NLMSG_DONE, 4);
  bytes.writeUInt32LE(CN_IDX_PROC, HEADER);
  bytes.writeUInt32LE(CN_VAL_PROC, HEADER + 4);
  bytes.writeUInt16LE(input, HEADER + 16);
  bytes.writeUInt32LE(PROC_CN_MCAST_LISTEN, HEADER + MESSAGE);
  bytes.writeUInt32LE(PROC_EVENT_FORK | PROC_EVENT_EXEC, HEADER + MESSAGE + 4);
  return bytes;
}
