import { closeSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import type { Libc, Poll } from './libc.ts';

/** Of linux/socket.h and linux/netlink.h. */
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const MSG_DONTWAIT = 0x40;
const EAGAIN = 11;
const EINTR = 4;

/** Socket options: asm-generic/socket.h, linux/netlink.h. */
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_ATTACH_FILTER = 26;
const SO_MEMINFO = 55;
/** Index of the dropped messages in what SO_MEMINFO tells: SK_MEMINFO_DROPS of linux/sock_diag.h. */
const MEMINFO_DROPS = 8;
const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;

/** BPF of linux/filter.h: LD|H|ABS, JMP|JEQ|K, RET|K; what a filter returns is how much of a message is kept. */
const LOAD_HALFWORD = 0x28;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const ALL_OF_IT = 0xffffffff;
const NOTHING = 0;
const SIZE_OF_PROGRAM = 16;

/** struct nlmsghdr. */
const HEADER = 16;
const TYPE_AT = 4;

/** Longer than any message of the two protocols: MAX_AUDIT_MESSAGE_LENGTH of linux/audit.h and a header. */
const LONGEST = 16_384;
/** After so many messages other work has its turn. */
const TURN = 2_048;

/** What the kernel may hold for us meanwhile; it cuts this to the sysctl net.core.rmem_max. */
const WANTED_BUFFER = 8 * 1024 * 1024;

/** Told of each message: its bytes are valid during the call only. */
export type Receiver = (bytes: Buffer, start: number, end: number) => void;

/**
 * A socket that listens to a multicast group of the kernel's. A message that finds its buffer full is dropped and counted, which
 * is asked for with {@link drops}; no error tells of it (netlink(7), NETLINK_NO_ENOBUFS).
 */
export class NetlinkSocket {
  readonly #libc: Libc;
  readonly #title: string;
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(LONGEST);
  #poll: Poll | undefined;

  /** `title` is what messages call it. Throws with what the kernel says. */
  constructor(libc: Libc, protocol: number, title: string) {
    this.#libc = libc;
    this.#title = title;
    this.#fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (this.#fd < 0) throw this.#error('socket');
    this.#set(SOL_SOCKET, SO_RCVBUF, WANTED_BUFFER);
    this.#set(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1);
  }

  /** Joins one of the first 32 groups. */
  join(group: number): void {
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    address.writeUInt32LE(1 << (group - 1), 8);
    if (this.#libc.bind(this.#fd, address, address.length) < 0) throw this.#error(`bind to group ${group}`);
  }

  /** Lets messages of one type in, and the kernel drop all others, which are no losses then. */
  only(type: number): void {
    // The halfword at TYPE_AT is read in network byte order.
    const swapped = ((type & 0xff) << 8) | (type >> 8);
    const program = [
      { code: LOAD_HALFWORD, k: TYPE_AT },
      { code: JUMP_IF_EQUAL, orSkip: 1, k: swapped },
      { code: RETURN, k: ALL_OF_IT },
      { code: RETURN, k: NOTHING },
    ];
    const filter = Buffer.concat(program.map(instruction));
    const value = { len: program.length, filter };
    if (this.#libc.attachFilter(this.#fd, SOL_SOCKET, SO_ATTACH_FILTER, value, SIZE_OF_PROGRAM) < 0)
      throw this.#error('filter');
  }

  send(message: Buffer): void {
    if (this.#libc.send(this.#fd, message, message.length, 0) < 0) throw this.#error('send');
  }

  /** Calls back whenever there is something to read, from the event loop. */
  listen(readable: () => void): void {
    this.#poll = this.#libc.poll(this.#fd, readable);
  }

  /** Takes what is there, as far as one turn goes. */
  receive(receiver: Receiver): void {
    for (let count = 0; count < TURN; count++) {
      const length = Number(this.#libc.recv(this.#fd, this.#buffer, LONGEST, MSG_DONTWAIT));
      if (length >= HEADER) receiver(this.#buffer, HEADER, Math.min(length, LONGEST));
      else if (length < 0 && this.#libc.errno() === EAGAIN) return;
      else if (length < 0 && this.#libc.errno() !== EINTR) throw this.#error('recv');
    }
  }

  /** Messages that the kernel dropped because the buffer was full, since the socket was opened; a 32-bit counter. */
  drops(): number {
    const value = Buffer.alloc(64);
    const length = number32(value.length);
    if (this.#libc.getsockopt(this.#fd, SOL_SOCKET, SO_MEMINFO, value, length) < 0) throw this.#error('SO_MEMINFO');
    return value.readUInt32LE(MEMINFO_DROPS * 4);
  }

  close(): void {
    this.#poll?.close();
    closeSync(this.#fd);
  }

  #set(level: number, name: number, number: number): void {
    const value = number32(number);
    if (this.#libc.setsockopt(this.#fd, level, name, value, value.length) < 0) throw this.#error(`option ${name}`);
  }

  #error(what: string): Error {
    const code = getSystemErrorName(-this.#libc.errno());
    return Object.assign(new Error(`${this.#title}: ${what}: ${code}`), { code });
  }
}

/** Where koffi has a module for it, a machine is little-endian. */
function number32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

/** struct sock_filter of linux/filter.h. */
function instruction({ code, orSkip = 0, k }: { code: number; orSkip?: number; k: number }): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(orSkip, 3);
  bytes.writeUInt32LE(k, 4);
  return bytes;
}
