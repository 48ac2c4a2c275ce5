import { setTimeout as sleep } from 'node:timers/promises';
import type { SeccompProfile } from '../../src/core/api/seccomp-profile.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { until } from '../../test/rig/until.ts';
import { counters, since, total } from '../fleet/counters.ts';
import { eachOf } from '../fleet/each-of.ts';
import { now } from '../fleet/message.ts';
import { type FleetBench, untilKnown, untilSynced, withFleet } from '../fleet/with-fleet.ts';
import { barsOf, type Row } from '../report/result.ts';
import { ratios } from '../report/statistics.ts';
import { cpuMs } from '../rig/proc.ts';
import { apply, areReady, edited, PROFILES_PATH, profiles } from '../rig/profiles.ts';
import { suite } from '../suite.ts';

const AT_ONCE = 16;
const EDITED = 100;

/** Many profiles applied at once, several times, then a stream of edits: until all files are there and all statuses say so. */
export const storm = suite(
  'many profiles at once, then many edits a second',
  { profiles: 1000, nodes: 3, runs: 3, edits: 100, seconds: 60 },
  { profiles: 50, runs: 1, edits: 20, seconds: 3 },
  ({ profiles: count, nodes, runs, edits, seconds }, progress) =>
    withFleet({ progress }, async bench => {
      const { fleet, transport } = bench;
      await fleet.grow(nodes);
      await untilKnown(bench);
      const all = await profiles(count);
      await fleet.run('watcher');
      const floor: number[] = [];
      for (let run = 1; run <= runs; run++) {
        progress(`${count} profiles, bare watchers, run ${run} of ${runs}`);
        floor.push(await applyAtOnce(bench, all, run));
        await clear(transport, all);
      }
      await fleet.halt();
      await fleet.run('agent');
      await untilSynced(bench);
      const storms: Storm[] = [];
      for (let run = 1; run <= runs; run++) {
        progress(`${count} profiles, ${nodes} agents, run ${run} of ${runs}`);
        if (run > 1) await clear(transport, all);
        storms.push(await oneStorm(bench, all, run));
      }
      const [files, ready] = [storms.map(({ file }) => file), storms.map(each => each.ready)];
      const rows: Row[] = [
        ['last ConfigMap at bare watchers', floor, 1],
        [`last file on ${nodes} nodes`, files, ratios(files, floor)],
        ['all Ready', ready, ratios(ready, floor)],
        ['CPU of the operator', storms.map(({ operatorCpu }) => operatorCpu), ''],
        ['CPU of the API server', storms.map(({ apiCpu }) => apiCpu), ''],
        ['requests, the applies left out', storms.map(({ requests }) => requests), ''],
      ];
      if (edits > 0) {
        progress(`${edits} edits a second for ${seconds} s`);
        rows.push(...(await stream(bench, all.slice(0, EDITED), edits, seconds)));
      }
      return {
        title: `Storm: ${count} profiles applied at once, ${nodes} agents`,
        columns: ['', 'ms, or count', 'x bare watchers'],
        rows,
        notes: [`${AT_ONCE} applies under way at a time; the edits go round ${EDITED} of the profiles.`],
        chart: barsOf(rows.slice(0, 3), 1, { label: 'milliseconds from the first apply', scale: 'linear' }, label =>
          label.includes('bare'),
        ),
      };
    }),
);

interface Storm {
  readonly file: number;
  readonly ready: number;
  readonly requests: number;
  readonly operatorCpu: number;
  readonly apiCpu: number;
}

async function oneStorm(bench: FleetBench, all: readonly SeccompProfile[], run: number): Promise<Storm> {
  const { transport, system } = bench;
  const before = await counters(transport);
  const cpu = () => [cpuMs(system.operator.pid), cpuMs(system.plane.apiserver.pid)] as const;
  const [operatorBefore, apiBefore] = cpu();
  const from = now();
  const file = await applyAtOnce(bench, all, run);
  await untilAllReady(transport);
  const ready = now() - from;
  const [operatorAfter, apiAfter] = cpu();
  const cost = since(before, await counters(transport));
  const requests = total(cost.writes) + cost.reads - all.length;
  return { file, ready, requests, operatorCpu: operatorAfter - operatorBefore, apiCpu: apiAfter - apiBefore };
}

/** Milliseconds from the first apply to the last arrival on the last node; each has arrived so many times by then. */
async function applyAtOnce({ fleet, transport }: FleetBench, all: readonly SeccompProfile[], times: number) {
  const from = now();
  await eachOf(all, AT_ONCE, profile => apply(transport, profile));
  const arrivals = await Promise.all(all.map(({ metadata: { name } }) => fleet.arrived(name, times, 600_000)));
  return Math.max(...arrivals.map(({ last }) => last)) - from;
}

async function stream(
  { transport, system }: FleetBench,
  all: readonly SeccompProfile[],
  edits: number,
  seconds: number,
): Promise<Row[]> {
  const before = await counters(transport);
  const operatorBefore = cpuMs(system.operator.pid);
  const from = now();
  const pending = new Set<Promise<void>>();
  const planned = edits * seconds;
  for (let at = 0; at < planned; at++) {
    const profile = all[at % all.length] as SeccompProfile;
    const edit = apply(transport, edited(profile, at)).finally(() => pending.delete(edit));
    pending.add(edit);
    const behind = from + (at + 1) * (1000 / edits) - now();
    if (behind > 0) await sleep(behind);
    else if (pending.size > AT_ONCE * 4) await Promise.race(pending);
  }
  await Promise.all(pending);
  const applied = now() - from;
  await untilAllReady(transport);
  const ready = now() - from - applied;
  const cost = since(before, await counters(transport));
  const operatorCpu = cpuMs(system.operator.pid) - operatorBefore;
  return [
    [`${planned} edits applied`, applied, ''],
    ['all Ready after the last edit', ready, ''],
    ['CPU of the operator for them', operatorCpu, ''],
    ['writes for each edit, its own included', total(cost.writes) / planned, ''],
  ];
}

const untilAllReady = (transport: Transport): Promise<boolean> =>
  until('all profiles are Ready', () => areReady(transport), { timeoutMs: 600_000, everyMs: 200 });

async function clear(transport: Transport, all: readonly SeccompProfile[]): Promise<void> {
  await eachOf(all, AT_ONCE, ({ metadata: { name } }) => transport.request('DELETE', `${PROFILES_PATH}/${name}`));
  const isEmpty = async () =>
    (await transport.request<{ items: unknown[] }>('GET', PROFILES_PATH, { timeoutMs: 60_000 })).items.length === 0;
  await until('all profiles are gone', isEmpty, { timeoutMs: 600_000, everyMs: 500 });
}
