import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ManagedProcess } from '../../test/rig/process.ts';
import { System, type TestNode } from '../../test/rig/system.ts';
import { until } from '../../test/rig/until.ts';
import { barsOf, type Cell, type Row } from '../report/result.ts';
import { MemoryGroup } from '../rig/cgroup.ts';
import { adminTransport, applyAll, profiles } from '../rig/profiles.ts';
import { suite } from '../suite.ts';

const run = promisify(execFile);
const NODE = 'node-a';
const PATIENCE_MS = 60_000;
const MIB = 1024 * 1024;

interface Program {
  readonly current: () => ManagedProcess;
  readonly replace: (next: ManagedProcess) => void;
  /** Before each start, while it does not run. */
  readonly prepare: () => Promise<void>;
  /** By what it has logged since it was started, or did. */
  readonly works: (log: string) => boolean;
}

/**
 * How long a program takes to do its work when it starts under a memory limit and nothing of its image is in memory, so
 * that every page of it is charged to its own control group, as on a node that has just pulled the image.
 */
export const start = suite(
  'cold and warm starts under memory limits',
  { profiles: 100, limits: [64, 96, 128], runs: 3 },
  { profiles: 5, limits: [128], runs: 1 },
  async ({ profiles: count, limits, runs }, progress) => {
    const system = await System.start([NODE], { progress });
    const transport = await adminTransport(system.plane);
    const directory = await mkdtemp(join(tmpdir(), 'seccomp-operator-bench-'));
    const rows: Row[] = [];
    try {
      await applyAll(transport, await profiles(count));
      for (const [name, program] of Object.entries(programsOf(system, count))) {
        for (const limit of limits) {
          progress(`${name} under ${limit} MiB`);
          rows.push([`${name}, ${limit} MiB`, ...(await starts(program, directory, limit, runs))]);
        }
      }
      return {
        title: `Start with ${count} profiles under a memory limit, nothing of the image in memory`,
        columns: ['program, limit', 'ms to work', 'ms when warm', 'MiB charged at most'],
        rows,
        notes: ['To work: the agent has every profile verified on disk; the operator leads and has complete lists.'],
        chart: barsOf(rows, 1, { label: 'milliseconds from a cold start to work', scale: 'log' }),
      };
    } finally {
      transport.close();
      await system.stop();
      await rm(directory, { recursive: true, force: true });
    }
  },
);

function programsOf(system: System, count: number): Record<string, Program> {
  const node = system.nodes.get(NODE) as TestNode;
  const installed = () => readdirSync(node.files).filter(file => file.endsWith('.json')).length;
  const agent: Program = {
    current: () => node.agent,
    replace: next => (node.agent = next),
    // Away with the files: it works when all are back.
    prepare: async () => rm(node.files, { recursive: true }),
    works: () => existsSync(node.files) && installed() === count,
  };
  const operator: Program = {
    current: () => system.operator,
    replace: next => (system.operator = next),
    prepare: async () => {},
    works: log => log.includes('following the cluster'),
  };
  return { agent, operator };
}

async function starts(program: Program, directory: string, limit: number, runs: number): Promise<Cell[]> {
  const all: number[][] = [];
  for (let run = 0; run < runs; run++) all.push(await coldStart(program, directory, limit));
  if (all[0]?.length === 0) return ['-', '-', 'no writable cgroup v1 memory hierarchy'];
  return [0, 1, 2].map(column => all.map(each => each[column] ?? Number.NaN));
}

/** Milliseconds cold and warm, and MiB; NaN where it took too long, nothing where it cannot be measured. */
async function coldStart(program: Program, directory: string, limit: number): Promise<number[]> {
  const group = await MemoryGroup.create('start', limit * MIB);
  if (!group) return [];
  // A copy, because pages that another process maps stay in memory.
  const command = join(directory, `node-${program.current().options.name}-${limit}`);
  await copyFile(process.execPath, command);
  await evict(command);
  const cold = await timedStart(program, group, command);
  const warm = await timedStart(program, group, command);
  const peak = (await group.peak()) / MIB;
  await program.current().stop();
  await group.remove();
  return [cold, warm, peak];
}

async function timedStart(program: Program, group: MemoryGroup, command: string): Promise<number> {
  await program.current().stop();
  await program.prepare();
  const before = program.current().log().length;
  const from = performance.now();
  const started = await group.restart(program.current(), command);
  program.replace(started);
  const works = () => program.works(started.log().slice(before));
  const isDone = await until(`${command} works`, works, { timeoutMs: PATIENCE_MS, everyMs: 5 }).catch(() => false);
  return isDone ? Math.round(performance.now() - from) : Number.NaN;
}

/** posix_fadvise(2), POSIX_FADV_DONTNEED, by way of dd(1). */
async function evict(file: string): Promise<void> {
  await run('sync', [file]);
  await run('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'if=/dev/null']);
}
