import { setTimeout as sleep } from 'node:timers/promises';
import type { SeccompProfile } from '../../src/core/api/seccomp-profile.ts';
import type { ManagedProcess } from '../../test/rig/process.ts';
import { System, type TestNode } from '../../test/rig/system.ts';
import { until } from '../../test/rig/until.ts';
import { eachOf } from '../fleet/each-of.ts';
import { barsOf, type Cell, type Row } from '../report/result.ts';
import { cellText } from '../report/table.ts';
import { MemoryGroup } from '../rig/cgroup.ts';
import { addNodes, addPods } from '../rig/crowd.ts';
import { memoryMib } from '../rig/proc.ts';
import { adminTransport, apply, areReady, edited, profiles } from '../rig/profiles.ts';
import { suite } from '../suite.ts';

const MIB = 1024 * 1024;
const NODE = 'node-a';

/**
 * Memory of the operator and of one agent, as there is more and more: profiles, edits of them, nodes, Pods. The nodes
 * beside the first have no agents: their reports are written for them, as agents would write them.
 */
export const memory = suite(
  'memory of operator and agent, with profiles, edits, nodes and Pods',
  { profiles: [0, 100, 1000], edits: 10_000, nodes: [100, 1000], pods: 10_000, settle: 10 },
  { profiles: [0, 5], edits: 20, nodes: [5], pods: 20, settle: 1 },
  async ({ profiles: counts, edits, nodes, pods, settle }, progress) => {
    const system = await System.start([NODE], { progress });
    const transport = await adminTransport(system.plane);
    const groups = { operator: await MemoryGroup.create('operator'), agent: await MemoryGroup.create('agent') };
    const node = system.nodes.get(NODE) as TestNode;
    const rows: Row[] = [];
    const untilReady = () =>
      until('all profiles are Ready', () => areReady(transport), { timeoutMs: 600_000, everyMs: 500 });
    const look = async (who: 'operator' | 'agent', having: string) => {
      await untilReady();
      await sleep(settle * 1000);
      const program = who === 'agent' ? node.agent : system.operator;
      const row: Row = [`${who}, ${having}`, ...(await figures(program, groups[who]))];
      progress(row.map(cellText).join('  '));
      rows.push(row);
    };
    try {
      if (groups.operator) system.operator = await groups.operator.restart(system.operator);
      if (groups.agent) node.agent = await groups.agent.restart(node.agent);
      const most = Math.max(...counts);
      const all = await profiles(most);
      for (const count of counts) {
        await eachOf(all.slice(0, count), 16, profile => apply(transport, profile));
        await look('agent', `${count} profiles`);
        await look('operator', `${count} profiles, 1 node`);
      }
      const edit = (at: number) => apply(transport, edited(all[at % Math.min(100, most)] as SeccompProfile, at));
      await eachOf(
        Array.from({ length: edits }, (_, at) => at),
        16,
        edit,
      );
      await look('agent', `the same after ${edits} edits`);
      await look('operator', `the same after ${edits} edits`);
      for (const size of nodes) {
        await addNodes(transport, size - 1);
        await look('operator', `${most} profiles, ${size} nodes`);
      }
      await addPods(transport, pods, all);
      await look('operator', `the same and ${pods} Pods that use them`);
      if (groups.operator) system.operator = await groups.operator.restart(system.operator);
      await until('the operator leads', () => system.operator.log().includes('following the cluster'));
      await look('operator', 'started anew with all of that');
      return {
        title: 'Memory, MiB',
        columns: ['program', 'VmRSS', 'RssAnon', 'working set'],
        rows,
        notes: [groups.agent ? CHARGED : 'The working set could not be had: no writable cgroup v1 memory hierarchy.'],
        chart: barsOf(rows, groups.agent ? 3 : 2, { label: 'MiB, working set', scale: 'linear' }),
      };
    } finally {
      transport.close();
      await system.stop();
      await groups.operator?.remove();
      await groups.agent?.remove();
    }
  },
);

const CHARGED =
  'Working set: usage_in_bytes less total_inactive_file of a control group that holds this process alone. File pages ' +
  'that were in memory before, as those of the node binary, are charged to whoever read them first, not to it.';

async function figures({ pid }: ManagedProcess, group: MemoryGroup | undefined): Promise<Cell[]> {
  const workingSet = group ? (await group.workingSet()) / MIB : '-';
  return [memoryMib(pid, 'VmRSS'), memoryMib(pid, 'RssAnon'), workingSet];
}
