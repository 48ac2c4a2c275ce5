import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ManagedProcess } from '../test/rig/process.ts';
import { System, type TestNode } from '../test/rig/system.ts';
import { MemoryGroup } from './cgroup.ts';
import { adminTransport, applyAll, profiles } from './profiles.ts';
import type { Result } from './table.ts';

export interface MemoryOptions {
  readonly profiles: number;
  /** How long the programs are left alone before they are looked at, in seconds. */
  readonly settle: number;
  readonly progress: (line: string) => void;
}

const MIB = 1024 * 1024;
const NODE = 'node-a';

/** Memory of the operator and of one agent, without profiles and with them. */
export async function memory({ profiles: count, settle, progress }: MemoryOptions): Promise<Result> {
  progress('memory: without profiles');
  const system = await System.start([NODE], { progress });
  const transport = await adminTransport(system.plane);
  const groups = { operator: await MemoryGroup.create('operator'), agent: await MemoryGroup.create('agent') };
  const node = system.nodes.get(NODE) as TestNode;
  const rows: [string, ...(number | string)[]][] = [];
  const look = async (have: number) => {
    await sleep(settle * 1000);
    rows.push([`operator, ${have} profiles`, ...(await figures(system.operator, groups.operator))]);
    rows.push([`agent, ${have} profiles`, ...(await figures(node.agent, groups.agent))]);
  };
  try {
    if (groups.operator) system.operator = await groups.operator.restart(system.operator);
    if (groups.agent) node.agent = await groups.agent.restart(node.agent);
    await look(0);
    progress(`memory: with ${count} profiles`);
    await applyAll(transport, await profiles(count));
    await look(count);
    return {
      title: 'Memory, MiB',
      columns: ['program', 'VmRSS', 'RssAnon', 'working set'],
      rows,
      notes: [groups.agent ? CHARGED : 'The working set could not be had: no writable cgroup v1 memory hierarchy.'],
    };
  } finally {
    transport.close();
    await system.stop();
    await groups.operator?.remove();
    await groups.agent?.remove();
  }
}

const CHARGED =
  'Working set: usage_in_bytes less total_inactive_file of a control group that holds this process alone. File pages ' +
  'that were in memory before, as those of the node binary, are charged to whoever read them first, not to it.';

async function figures({ pid }: ManagedProcess, group: MemoryGroup | undefined): Promise<(number | string)[]> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
  return [field('VmRSS'), field('RssAnon'), group ? (await group.workingSet()) / MIB : '-'];
}
