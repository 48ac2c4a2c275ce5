import { setTimeout as sleep } from 'node:timers/promises';
import type { SeccompProfile } from '../src/core/api/seccomp-profile.ts';
import type { Transport } from '../src/kube/transport.ts';
import { until } from '../test/rig/until.ts';
import { counters, since, total } from './fleet/counters.ts';
import { eachOf } from './fleet/each-of.ts';
import type { SimulatedFleet } from './fleet/fleet.ts';
import { now } from './fleet/message.ts';
import { untilKnown, untilSynced, withFleet } from './fleet/with-fleet.ts';
import { apply, isReady, PROFILES_PATH, profiles } from './profiles.ts';
import type { Result } from './table.ts';

export interface StormOptions {
  readonly profiles: number;
  readonly nodes: number;
  /** Edits a second, and for how many seconds; over a hundred of the profiles in turn. */
  readonly edits: number;
  readonly seconds: number;
  readonly progress: (line: string) => void;
}

const AT_ONCE = 16;
const EDITED = 100;

/** Many profiles applied at once, then a stream of edits: until every file is there and every status says so. */
export function storm({ profiles: count, nodes, edits, seconds, progress }: StormOptions): Promise<Result> {
  return withFleet(progress, async bench => {
    const { fleet, transport } = bench;
    await fleet.grow(nodes);
    await fleet.run('watcher');
    await untilKnown(bench);
    progress(`storm: ${count} profiles, bare watchers`);
    const floor = await applyAtOnce(fleet, transport, await profiles(count, 'floor'));
    await clear(transport);
    await fleet.halt();
    await fleet.run('agent');
    await untilSynced(bench);
    progress(`storm: ${count} profiles, ${nodes} agents`);
    const before = await counters(transport);
    const all = await profiles(count, 'storm');
    const from = now();
    const last = await applyAtOnce(fleet, transport, all);
    await untilAllReady(transport, count);
    const ready = now() - from;
    const cost = since(before, await counters(transport));
    const rows: [string, ...(number | string)[]][] = [
      ['last ConfigMap at bare watchers', floor, '1.00'],
      [`last file on ${nodes} nodes`, last, (last / floor).toFixed(2)],
      ['all Ready', ready, (ready / floor).toFixed(2)],
      ['requests, the applies left out', total(cost.writes) + cost.reads - count, ''],
    ];
    if (edits > 0) rows.push(...(await stream(transport, all.slice(0, EDITED), edits, seconds, progress)));
    return {
      title: `Storm: ${count} profiles applied at once, ${nodes} agents`,
      columns: ['', 'ms, or count', 'x floor'],
      rows,
      notes: [`Applies: ${AT_ONCE} at a time.`],
    };
  });
}

/** Milliseconds from the first apply to the last arrival on the last node. */
async function applyAtOnce(fleet: SimulatedFleet, transport: Transport, all: readonly SeccompProfile[]) {
  const from = now();
  await eachOf(all, AT_ONCE, profile => apply(transport, profile));
  const arrivals = await Promise.all(all.map(({ metadata: { name } }) => fleet.arrived(name, 1, 600_000)));
  return Math.max(...arrivals.map(({ last }) => last)) - from;
}

async function stream(
  transport: Transport,
  all: readonly SeccompProfile[],
  edits: number,
  seconds: number,
  progress: (line: string) => void,
): Promise<[string, ...(number | string)[]][]> {
  progress(`storm: ${edits} edits a second for ${seconds} s`);
  const before = await counters(transport);
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
  await untilAllReady(transport, all.length);
  const cost = since(before, await counters(transport));
  return [
    [`${planned} edits applied`, applied, ''],
    ['all Ready after the last edit', now() - from - applied, ''],
    ['writes for each edit, its own included', (total(cost.writes) / planned).toFixed(2), ''],
  ];
}

/** Another errno each time: other bytes on the disk. */
const edited = (profile: SeccompProfile, at: number): SeccompProfile => ({
  ...profile,
  spec: { ...profile.spec, defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: (at % 133) + 1 },
});

async function untilAllReady(transport: Transport, count: number): Promise<void> {
  const areReady = async () => {
    const { items } = await transport.request<{ items: SeccompProfile[] }>('GET', PROFILES_PATH, { timeoutMs: 60_000 });
    return items.filter(isReady).length >= count && items.every(isReady);
  };
  await until(`${count} profiles are Ready`, areReady, { timeoutMs: 600_000, everyMs: 200 });
}

async function clear(transport: Transport): Promise<void> {
  await transport.request('DELETE', PROFILES_PATH, { timeoutMs: 120_000 });
  const isEmpty = async () =>
    (await transport.request<{ items: unknown[] }>('GET', PROFILES_PATH, { timeoutMs: 60_000 })).items.length === 0;
  await until('all profiles are gone', isEmpty, { timeoutMs: 600_000, everyMs: 500 });
}
