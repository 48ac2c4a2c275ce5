import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../src/core/names.ts';
import { System } from '../test/rig/system.ts';
import { until } from '../test/rig/until.ts';
import { endOf, type Write, writesSince } from './audit.ts';
import { adminTransport, applyAll, profiles } from './profiles.ts';
import type { Result } from './table.ts';

export interface IdleOptions {
  readonly profiles: number;
  readonly seconds: number;
  readonly progress: (line: string) => void;
}

const OURS = [OPERATOR_NAMESPACE, AGENT_NAMESPACE].map(namespace => `system:serviceaccount:${namespace}:`);
const QUIET_MS = 10_000;

/** What is written to the API while nothing happens; only the leader's Lease is expected of us. */
export async function idle({ profiles: count, seconds, progress }: IdleOptions): Promise<Result> {
  progress(`idle: ${count} profiles`);
  const system = await System.start(['node-a', 'node-b', 'node-c'], { audit: true, progress });
  const transport = await adminTransport(system.plane);
  try {
    await applyAll(transport, await profiles(count));
    const log = system.plane.auditLog;
    await settle(log);
    progress(`idle: settled; counting for ${seconds} s`);
    const start = await endOf(log);
    await sleep(seconds * 1000);
    const writes = await writesSince(log, start);
    return {
      title: `Idle: API writes within ${seconds} s, ${count} profiles, 3 agents`,
      columns: ['by', 'verb', 'resource', 'count'],
      rows: counted(writes),
      notes: [`By the operator and the agents, but for Leases: ${writes.filter(isUnexpected).length}.`],
    };
  } finally {
    transport.close();
    await system.stop();
  }
}

/** Waits for ten seconds in which ours wrote nothing but Leases. */
async function settle(log: string): Promise<void> {
  await until(
    'the system is quiet',
    async () => {
      const start = await endOf(log);
      await sleep(QUIET_MS);
      return !(await writesSince(log, start)).some(isUnexpected);
    },
    { timeoutMs: 120_000 },
  );
}

function isUnexpected({ user, resource }: Write): boolean {
  return OURS.some(prefix => user.startsWith(prefix)) && resource !== 'leases';
}

function counted(writes: readonly Write[]): [string, string, string, number][] {
  const groups = Map.groupBy(writes, ({ user, verb, resource }) => `${user} ${verb} ${resource}`);
  return [...groups.values()].map(group => {
    const { user, verb, resource } = group[0] as Write;
    return [user, verb, resource, group.length];
  });
}
