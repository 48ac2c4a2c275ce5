import { AUDIT_SECCOMP } from '../../src/core/audit/record.ts';
import { loadLibc } from '../../src/host/netlink/libc.ts';
import { NetlinkSocket } from '../../src/host/netlink/socket.ts';
import { until } from '../rig/until.ts';

/** Of linux/netlink.h and linux/audit.h. */
const NETLINK_AUDIT = 9;
const AUDIT_NLGRP_READLOG = 1;

/** Once: koffi knows its types by name. */
const libc = loadLibc();

/** The kernel's seccomp records from now on, as lines of auditd's file: what a person gives to `kubectl seccomp generate`. */
export class AuditTrace {
  readonly #socket: NetlinkSocket;
  readonly #lines: string[] = [];

  static async start(): Promise<AuditTrace> {
    return new AuditTrace(new NetlinkSocket(await libc, NETLINK_AUDIT, 'audit records'));
  }

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket;
    socket.only(AUDIT_SECCOMP);
    socket.join(AUDIT_NLGRP_READLOG);
    socket.listen(() => this.#read());
  }

  /**
   * Of one program, by its path in the container. The kernel sends records in order, some time after the calls: a mark is
   * what makes a last record of another program, which is awaited. Fails if the kernel could not tell us all.
   */
  async linesOf(exe: string, mark: { readonly exe: string; make(): Promise<unknown> }): Promise<string[]> {
    const isMark = (line: string) => line.includes(` exe="${mark.exe}"`);
    const before = this.#lines.length;
    await mark.make();
    await until('the last record', () => this.#lines.slice(before).some(isMark));
    const dropped = this.#socket.drops();
    if (dropped) throw new Error(`${dropped} audit records were dropped`);
    return this.#lines.filter(line => line.includes(` exe="${exe}"`));
  }

  stop(): void {
    this.#socket.close();
  }

  #read(): void {
    this.#socket.receive((bytes, start, end) => {
      const text = bytes.toString('latin1', start, end).replaceAll('\0', '');
      this.#lines.push(`type=SECCOMP msg=${text}`);
    });
  }
}
