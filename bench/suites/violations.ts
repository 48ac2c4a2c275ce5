import { readFileSync } from 'node:fs';
import type { SeccompNode } from '../../src/core/api/seccomp-node.ts';
import { silentLog } from '../../src/core/log.ts';
import type { NodeViolations } from '../../src/core/violations/report.ts';
import { AuditSocket } from '../../src/host/netlink/audit-socket.ts';
import { type Libc, loadLibc } from '../../src/host/netlink/libc.ts';
import { Watcher } from '../../src/violations/watcher.ts';
import { System } from '../../test/rig/system.ts';
import { until } from '../../test/rig/until.ts';
import { type FakeContainer, FakeNode, KILL_PROCESS, LOG } from '../../test/support/violations/container.ts';
import { barsOf, type Row } from '../report/result.ts';
import { cpuMs, memoryMib } from '../rig/proc.ts';
import { type Progress, suite } from '../suite.ts';

const NODE = 'node-a';
const REPORT = `/apis/seccomp-operator.dev/v1alpha1/seccompnodes/${NODE}`;
const OWN_POD = '53a7b130-2354-4564-9628-554d82403c6f';
const POD = '43a7b130-2354-4564-9628-554d82403c6f';
const RATES = [1_000, 10_000, 50_000, 100_000];
const PROCESSES = 500;
/** NETLINK_CONNECTOR, which a kernel before 6.6 keeps from everybody without CAP_NET_ADMIN. */
const CONNECTOR = 11;

/** The kernel's records in a flood, and which of the processes that end at once are attributed. */
export const violations = suite(
  'the kernel’s records in a flood of violations',
  { seconds: 10 },
  { seconds: 1 },
  ({ seconds }, progress) => measure(seconds, progress),
);

async function measure(seconds: number, progress: Progress) {
  const machine = new FakeNode();
  const own = machine.container(OWN_POD);
  const container = machine.container(POD);
  const system = await System.start([NODE]);
  try {
    await until('there is a report', () => system.plane.get<SeccompNode>(REPORT));
    const rows: Row[] = [];
    for (const rate of RATES) {
      progress(`${rate} a second`);
      rows.push(await flood(system, own, container, rate, seconds));
    }
    progress('processes that end at once');
    const libc = await loadLibc();
    const [told, untold] = [await share(libc, container), await share(withoutForks(libc), container)];
    return {
      title: `Records of violations, ${seconds} s each`,
      columns: ['asked for', 'made a second', 'counted', 'lost', 'CPU %', 'RssAnon MiB', 'reports'],
      rows,
      notes: [
        `net.core.rmem_max ${readFileSync('/proc/sys/net/core/rmem_max', 'utf8').trim()}.`,
        `Of ${PROCESSES} processes that their one call ended, attributed: ${told}; without the kernel's word of forks ${untold}.`,
      ],
      chart: barsOf(rows, 4, { label: '% of a core, by violations asked for a second', scale: 'linear' }),
    };
  } finally {
    await system.stop();
    await machine.remove();
  }
}

async function flood(
  system: System,
  own: FakeContainer,
  container: FakeContainer,
  rate: number,
  seconds: number,
): Promise<Row> {
  const report = async () => (await system.plane.get<SeccompNode>(REPORT)).status?.violations;
  const since = (await report())?.since;
  const program = await system.startViolations(NODE, own.directory);
  await until('it watches', async () => {
    const now = await report();
    return now?.state === 'Watching' && now.since !== since;
  });
  const { metadata } = await system.plane.get<SeccompNode & { metadata: { resourceVersion: string } }>(REPORT);
  let anonymous = 0;
  const sampling = setInterval(() => {
    anonymous = Math.max(anonymous, memoryMib(program.pid, 'RssAnon'));
  }, 100);
  const cpuBefore = cpuMs(program.pid);
  const made = await container.run(LOG, `rate:${rate}:${seconds}`);
  const cpu = cpuMs(program.pid) - cpuBefore;
  clearInterval(sampling);
  await program.stop();
  const { recorded, lost } = (await report()) as NodeViolations;
  const path = '/apis/seccomp-operator.dev/v1alpha1/seccompnodes';
  const query = `watch=1&timeoutSeconds=1&resourceVersion=${metadata.resourceVersion}`;
  const events = await system.plane.kubectl(['get', '--raw', `${path}?${query}`]);
  const writes = events.trim().split('\n').filter(Boolean).length;
  const percent = Math.round(cpu / made.seconds / 10);
  return [`${rate}`, Math.round(made.calls / made.seconds), recorded, lost, percent, anonymous, writes];
}

/** How many of the container's own were attributed to it. */
async function share(libc: Libc, container: FakeContainer): Promise<number> {
  const source = new AuditSocket(libc);
  const watcher = new Watcher({ libc, source, news: () => {}, log: silentLog });
  watcher.start();
  try {
    await container.run(KILL_PROCESS, `spawn:${PROCESSES}`);
    const { tally } = watcher;
    await until('all were read', () => tally.recorded + tally.unattributed >= PROCESSES);
    const own = tally.report().entries.filter(({ containerID }) => containerID === container.id);
    return own.reduce((sum, { count }) => sum + count, 0);
  } finally {
    watcher.stop();
  }
}

const withoutForks = (libc: Libc): Libc => ({
  ...libc,
  socket: (domain, type, protocol) => (protocol === CONNECTOR ? -1 : libc.socket(domain, type, protocol)),
});
