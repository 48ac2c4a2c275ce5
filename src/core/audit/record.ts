/** One seccomp record of the kernel's audit subsystem, as `audit_seccomp()` in kernel/auditsc.c writes it. */
export interface SeccompRecord {
  /** Milliseconds since 1970; undefined where the text has no stamp (journalctl shows its own instead). */
  readonly timeMs: number | undefined;
  /** Counts every audit event of the machine. */
  readonly serial: number | undefined;
  /** The process (thread group), as the initial pid namespace numbers it. */
  readonly pid: number;
  readonly uid: number;
  /** Login uid; undefined when nobody logged in, which is so in containers. */
  readonly auid: number | undefined;
  /** Name of the thread, at most 15 bytes, which it can set to anything: prctl(2), PR_SET_NAME. */
  readonly comm: string;
  /** Path of the program as its own mount namespace has it; undefined when the kernel could not tell. */
  readonly exe: string | undefined;
  /** Signal that the filter sends: 31 (SIGSYS) with the kill actions, else 0. */
  readonly sig: number;
  /** AUDIT_ARCH_* of linux/audit.h: decides which table `syscall` is a number of. */
  readonly arch: number;
  readonly syscall: number;
  /** SECCOMP_RET_* of linux/seccomp.h; its data (an error number, say) is never in a record. */
  readonly code: number;
}

/** AUDIT_SECCOMP in linux/audit.h. */
export const AUDIT_SECCOMP = 1326;

const NOBODY = 4294967295;

/**
 * The fields, in the kernel's order. `comm` and `exe` can hold ` pid=1`-like text only in the hexadecimal form
 * (`audit_log_untrustedstring`: anything with a quote, a space or a byte outside of ASCII), so what a program calls itself
 * cannot pass for another field. `subj` is there with an LSM; AppArmor's has a space in it.
 */
const FIELDS = new RegExp(
  [
    /(?:\baudit\((\d+)\.(\d+):(\d+)\) ?: )?/,
    /\bauid=(\d+) uid=(\d+) gid=\d+ ses=\d+(?: subj=.*?)? pid=(\d+)/,
    / comm=("[^"]*"|\(null\)|[0-9A-F]+)(?: exe=("[^"]*"|\(null\)|[0-9A-F]+))?/,
    / sig=(\d+) arch=([0-9a-f]+) syscall=(-?\d+) compat=\d+ ip=0x[0-9a-f]+ code=0x([0-9a-f]+)/,
  ]
    .map(part => part.source)
    .join(''),
);

/** Which lines of a log are seccomp records: the kernel's log, auditd's file, and journalctl's short form of the journal's. */
const HEAD = /\btype=(?:1326|SECCOMP)\b|\bSECCOMP auid=/;

/** A line of dmesg, of /dev/kmsg, of journalctl or of auditd's audit.log; undefined for any other line. */
export const recordOfLine = (line: string): SeccompRecord | undefined =>
  HEAD.test(line) ? recordOfText(line) : undefined;

/** The text of an audit message that is known to be of type {@link AUDIT_SECCOMP}; undefined where it cannot be read. */
export function recordOfText(text: string): SeccompRecord | undefined {
  const found = FIELDS.exec(text);
  if (!found) return undefined;
  const [, seconds, millis, serial, auid, uid, pid, comm, exe, sig, arch, syscall, code] = found;
  return {
    timeMs: seconds === undefined ? undefined : Number(seconds) * 1_000 + Number(millis),
    serial: serial === undefined ? undefined : Number(serial),
    pid: Number(pid),
    uid: Number(uid),
    auid: Number(auid) === NOBODY ? undefined : Number(auid),
    comm: untrusted(comm) ?? '',
    exe: untrusted(exe),
    sig: Number(sig),
    arch: Number.parseInt(arch as string, 16),
    syscall: Number(syscall),
    code: Number.parseInt(code as string, 16),
  };
}

/** A quoted string, or bytes in hexadecimal where it has odd characters. */
function untrusted(value: string | undefined): string | undefined {
  if (value === undefined || value === '(null)') return undefined;
  if (value.startsWith('"')) return value.slice(1, -1);
  const bytes = value.match(/../g) ?? [];
  return new TextDecoder().decode(Uint8Array.from(bytes, each => Number.parseInt(each, 16)));
}
