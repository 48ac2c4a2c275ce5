import { setTimeout as sleep } from 'node:timers/promises';
import { counters, since } from '../fleet/counters.ts';
import { eachOf } from '../fleet/each-of.ts';
import { untilKnown, untilSynced, withFleet } from '../fleet/with-fleet.ts';
import { barsOf, type Row } from '../report/result.ts';
import {
  type AuditedRequest,
  endOf,
  isAgents,
  isLease,
  isOperators,
  isWrite,
  requestsSince,
  untilQuiet,
} from '../rig/audit.ts';
import { cpuMs } from '../rig/proc.ts';
import { apply, profiles } from '../rig/profiles.ts';
import { suite } from '../suite.ts';

const QUIET_MS = 10_000;

/** What is asked of the API server while nothing happens: of us only the leader's Lease and watches opened anew. */
export const idle = suite(
  'what is asked of the API server while nothing happens',
  { nodes: 1000, profiles: 10, seconds: 480 },
  { nodes: 5, profiles: 5, seconds: 5 },
  ({ nodes, profiles: count, seconds }, progress) =>
    withFleet({ progress, audit: true }, async bench => {
      const { fleet, transport, system } = bench;
      await eachOf(await profiles(count), 16, profile => apply(transport, profile));
      await fleet.grow(nodes);
      await untilKnown(bench);
      await fleet.run('agent');
      // Every node writes every profile, and two cores do it for all.
      await untilSynced(bench, 300_000 + 2 * nodes * count);
      const log = system.plane.auditLog;
      await untilQuiet(log, QUIET_MS, 300_000);
      progress(`settled; counting for ${seconds} s`);
      const [start, before] = [await endOf(log), await counters(transport)];
      const cpu = { operator: cpuMs(system.operator.pid), agents: fleet.cpuMs() };
      await sleep(seconds * 1000);
      const requests = await requestsSince(log, start);
      const cost = since(before, await counters(transport));
      const perSecond = (some: readonly AuditedRequest[]) => some.length / seconds;
      const rows: Row[] = [
        [
          'writes of agents',
          ...counted(
            requests.filter(each => isAgents(each) && isWrite(each)),
            perSecond,
          ),
        ],
        [
          'writes of the operator, its Lease left out',
          ...counted(
            requests.filter(each => isOperators(each) && isWrite(each) && !isLease(each)),
            perSecond,
          ),
        ],
        [
          'writes of its Lease',
          ...counted(
            requests.filter(each => isOperators(each) && isWrite(each) && isLease(each)),
            perSecond,
          ),
        ],
        [
          'reads of the operator, watches left out',
          ...counted(
            requests.filter(each => isOperators(each) && !isWrite(each) && each.verb !== 'watch'),
            perSecond,
          ),
        ],
        [
          'watches opened by agents',
          ...counted(
            requests.filter(each => isAgents(each) && each.verb === 'watch'),
            perSecond,
          ),
        ],
        [
          'other reads of agents',
          ...counted(
            requests.filter(each => isAgents(each) && !isWrite(each) && each.verb !== 'watch'),
            perSecond,
          ),
        ],
        ['watch events: bookmarks, and lists taken anew', cost.watchEvents, cost.watchEvents / seconds],
        [
          'CPU of the operator, ms',
          cpuMs(system.operator.pid) - cpu.operator,
          (cpuMs(system.operator.pid) - cpu.operator) / seconds,
        ],
        [`CPU of all ${nodes} agents, ms`, fleet.cpuMs() - cpu.agents, (fleet.cpuMs() - cpu.agents) / seconds],
      ];
      return {
        title: `Idle: ${seconds} s with ${nodes} nodes and ${count} profiles`,
        columns: ['', 'count', 'a second'],
        rows,
        notes: [
          'From the audit log of the API server. There is no kubelet, so no heartbeats of Nodes, to which the operator listens too.',
        ],
        chart: barsOf(rows.slice(0, 6), 1, { label: `requests in ${seconds} s`, scale: 'linear' }),
      };
    }),
);

const counted = (
  some: readonly AuditedRequest[],
  perSecond: (some: readonly AuditedRequest[]) => number,
): [number, number] => [some.length, perSecond(some)];
