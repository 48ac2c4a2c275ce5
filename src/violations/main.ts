import { readlinkSync } from 'node:fs';
import { isoTime } from '../core/iso-time.ts';
import type { Log } from '../core/log.ts';
import type { NodeViolations } from '../core/violations/report.ts';
import { KernelLog } from '../host/kernel-log.ts';
import { AuditSocket } from '../host/netlink/audit-socket.ts';
import { type Libc, loadLibc } from '../host/netlink/libc.ts';
import { loadCredentials } from '../kube/load-credentials.ts';
import { Transport } from '../kube/transport.ts';
import { jsonLog, type Level } from '../runtime/log.ts';
import { type Running, runProgram } from '../runtime/program.ts';
import { VERSION } from '../runtime/version.ts';
import { VIOLATIONS_PROGRAM, type ViolationsOption } from './options.ts';
import type { RecordSource } from './record-source.ts';
import { Reporter } from './reporter.ts';
import { Watcher } from './watcher.ts';

/** The initial pid namespace: PROC_PID_INIT_INO of linux/proc_ns.h. Records have its numbers. */
const INITIAL_PIDS = 'pid:[4026531836]';
/** When records cannot be opened, that is said, and the program starts anew so much later. */
const BLIND_MS = 300_000;

void runProgram(VIOLATIONS_PROGRAM, start);

async function start(values: Record<ViolationsOption, string>): Promise<Running> {
  const log = jsonLog(values['log-level'] as Level);
  const source = values.source as NodeViolations['source'];
  const since = isoTime(Date.now());
  const blind = Promise.withResolvers<void>();
  let state: NodeViolations['state'] = 'Watching';
  let message = 'reading records';
  let watcher: Watcher | undefined;
  try {
    watcher = await watch(source, first => reporter.news(first), log);
    if (!watcher.hearsForks)
      message = 'reading records; processes that end at once may not be attributed before Linux 6.6';
  } catch (error) {
    state = 'Blind';
    message = remedy(error as Error, source);
    log.error('records cannot be read', { error: message });
    setTimeout(() => blind.reject(new Error(message)), BLIND_MS).unref();
  }
  const transport = new Transport({
    credentials: await loadCredentials(process.env),
    userAgent: `seccomp-violations/${VERSION}`,
    maxSockets: 1,
  });
  const counts = () =>
    watcher?.tally.report() ?? { recorded: 0, lost: 0, unattributed: 0, unlisted: 0, entries: [], callSets: [] };
  const report = () => ({ state, message, source, since, ...counts() });
  const reporter = new Reporter({ transport, node: values['node-name'], report, log });
  become(Number(values.user));
  watcher?.start();
  reporter.news(true);
  log.info('violations started', { node: values['node-name'], version: VERSION, state, source });
  return {
    finished: blind.promise,
    stop: async () => {
      watcher?.stop();
      if (state === 'Watching') [state, message] = ['Stopped', 'the program was ended'];
      await reporter.stop();
      transport.close();
    },
  };
}

/** All that takes a privilege. */
async function watch(name: string, news: (first: boolean) => void, log: Log): Promise<Watcher> {
  if (readlinkSync('/proc/self/ns/pid') !== INITIAL_PIDS) {
    throw new Error(
      'not in the initial pid namespace, whose numbers records have: give the Pod hostPID; on a node that is itself a container it cannot be had',
    );
  }
  const libc = await loadLibc();
  return new Watcher({ libc, source: open(name, libc), news, log });
}

const open = (name: string, libc: Libc): RecordSource =>
  name === 'KernelLog' ? new KernelLog(libc) : new AuditSocket(libc);

/** What is open stays open; the way back is closed, since only uid 0 has capabilities here. */
function become(user: number): void {
  if (user === 0 || process.getuid?.() !== 0) return;
  process.setgroups?.([]);
  process.setgid?.(user);
  process.setuid?.(user);
}

function remedy(error: Error, source: string): string {
  const { code } = error as NodeJS.ErrnoException;
  const denied = code === 'EPERM' || code === 'EACCES';
  if (!denied) return error.message;
  return source === 'KernelLog'
    ? `${error.message}: the kernel log takes a privileged container with /dev/kmsg`
    : `${error.message}: give the container CAP_AUDIT_READ as uid 0 and its Pod hostNetwork; see SELinux denials too`;
}
