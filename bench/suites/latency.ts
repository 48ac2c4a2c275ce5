import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { System } from '../../test/rig/system.ts';
import type { LineChart, Row } from '../report/result.ts';
import { median, percentile } from '../report/statistics.ts';
import { cpuMs } from '../rig/proc.ts';
import { adminTransport, apply, applyAll, profiles } from '../rig/profiles.ts';
import { Stopwatch } from '../rig/stopwatch.ts';
import { type Progress, suite } from '../suite.ts';

const NODES = ['node-a', 'node-b', 'node-c'];

/** Milliseconds from the start of the apply call. */
interface Sample {
  readonly delivered: number;
  readonly lastFile: number;
  readonly ready: number;
  /** One write and fsync of as many bytes, of its own: no part of the three above. */
  readonly fsync: number;
  /** Time on a core of one agent. */
  readonly cpu: number;
}

/** Apply to bare watch, to the last disk, to Ready: one profile after another on three agents, each run on a new system. */
export const latency = suite(
  'one profile after another on three agents that are processes: to disk, to Ready',
  { profiles: 50, runs: 3, pause: 1000 },
  { profiles: 3, runs: 1, pause: 100 },
  async ({ profiles: count, runs, pause }, progress) => {
    const samples: Sample[] = [];
    for (let run = 1; run <= runs; run++) {
      progress(`run ${run} of ${runs}`);
      samples.push(...(await oneRun(count, pause, progress)));
    }
    return {
      title: `Latency: ${runs} x ${count} profiles one after another, ${pause} ms apart, ${NODES.length} agents`,
      columns: ['ms from the start of the apply call', 'median', 'p99', 'most'],
      rows: rowsOf(samples),
      notes: ['A ratio is taken for each profile; its median is that of the ratios.'],
      chart: chartOf(samples),
    };
  },
);

async function oneRun(count: number, pause: number, progress: Progress): Promise<Sample[]> {
  const system = await System.start(NODES, { progress });
  const transport = await adminTransport(system.plane);
  try {
    // Makes the directories, the connections and the compiled code.
    await applyAll(transport, await profiles(5, 'warm-up'));
    const nodes = [...system.nodes.values()];
    const directories = nodes.map(node => node.files);
    const cpu = () => nodes.reduce((sum, { agent }) => sum + cpuMs(agent.pid), 0);
    await using stopwatch = new Stopwatch(transport, directories);
    await stopwatch.live('warm-up-0');
    const samples: Omit<Sample, 'cpu'>[] = [];
    const cpuBefore = cpu();
    for (const profile of await profiles(count)) {
      const { name } = profile.metadata;
      await sleep(pause);
      const start = performance.now();
      await apply(transport, profile);
      const { delivered, files, ready } = await stopwatch.arrivals(name);
      const [directory = ''] = directories;
      samples.push({
        delivered: delivered - start,
        lastFile: Math.max(...files.values()) - start,
        ready: ready - start,
        fsync: await writeAndSync(join(directory, '..', 'bench-fsync'), JSON.stringify(profile.spec)),
      });
    }
    const each = (cpu() - cpuBefore) / (count * nodes.length);
    return samples.map(sample => ({ ...sample, cpu: each }));
  } finally {
    transport.close();
    await system.stop();
  }
}

async function writeAndSync(path: string, text: string): Promise<number> {
  const start = performance.now();
  await using file = await open(path, 'wx');
  await file.writeFile(text);
  await file.sync();
  const took = performance.now() - start;
  await rm(path);
  return took;
}

function rowsOf(samples: readonly Sample[]): Row[] {
  const row = (label: string, of: (sample: Sample) => number): Row => {
    const values = samples.map(of);
    return [label, median(values), percentile(values, 0.99), Math.max(...values)];
  };
  return [
    row('ConfigMap on a bare watch', each => each.delivered),
    row('file on the last of the disks', each => each.lastFile),
    row('Ready on a watch of profiles', each => each.ready),
    row('(one write and fsync beside it)', each => each.fsync),
    row('ratio: file / bare watch', each => each.lastFile / each.delivered),
    row('ratio: file / (bare watch + fsync)', each => each.lastFile / (each.delivered + each.fsync)),
    row('CPU ms of an agent for a profile', each => each.cpu),
  ];
}

/** Which share of the profiles was there after so long. */
function chartOf(samples: readonly Sample[]): LineChart {
  const series = (name: string, of: (sample: Sample) => number, isReference = false) => {
    const sorted = samples.map(of).sort((a, b) => a - b);
    return { name, isReference, points: sorted.map((x, at) => ({ x, y: ((at + 1) / sorted.length) * 100 })) };
  };
  return {
    kind: 'lines',
    x: { label: 'milliseconds from apply', scale: 'linear' },
    y: { label: '% of profiles', scale: 'linear' },
    series: [
      series('Ready', each => each.ready),
      series('last file', each => each.lastFile),
      series('bare watch', each => each.delivered, true),
    ],
  };
}
