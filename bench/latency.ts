import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { System } from '../test/rig/system.ts';
import { adminTransport, apply, applyAll, profiles } from './profiles.ts';
import { Stopwatch } from './stopwatch.ts';
import { median, percentile, type Result } from './table.ts';

export interface LatencyOptions {
  readonly profiles: number;
  readonly runs: number;
  /** Between one profile's Ready and the next apply, in milliseconds. Agents hold back reports in a row, up to a second. */
  readonly pause: number;
  readonly progress: (line: string) => void;
}

const NODES = ['node-a', 'node-b', 'node-c'];

/** Milliseconds from the start of the apply call. */
interface Sample {
  readonly delivered: number;
  readonly lastFile: number;
  readonly ready: number;
  /** One write and fsync of as many bytes, of its own: no part of the three above. */
  readonly fsync: number;
}

/** Apply to bare watch, to the last disk, to Ready: one profile after another on three agents, each run on a new system. */
export async function latency(options: LatencyOptions): Promise<Result> {
  const rows: [string, ...(number | string)[]][] = [];
  for (let run = 1; run <= options.runs; run++) {
    options.progress(`latency: run ${run} of ${options.runs}`);
    rows.push(...summary(await oneRun(options), options.runs > 1 ? `run ${run}: ` : ''));
  }
  return {
    title: `Latency: ${options.profiles} profiles one after another, ${options.pause} ms apart, ${NODES.length} agents`,
    columns: ['ms from the start of the apply call', 'median', 'p99', 'max'],
    rows,
    notes: ['A ratio is taken per profile; its median is that of the ratios.'],
  };
}

async function oneRun({ profiles: count, pause, progress }: LatencyOptions): Promise<Sample[]> {
  const system = await System.start(NODES, { progress });
  const transport = await adminTransport(system.plane);
  try {
    // Makes the directories, the connections and the compiled code.
    await applyAll(transport, await profiles(5, 'warm-up'));
    const directories = [...system.nodes.values()].map(node => node.files);
    await using stopwatch = new Stopwatch(transport, directories);
    await stopwatch.live('warm-up-0');
    const samples: Sample[] = [];
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
    return samples;
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

function summary(samples: readonly Sample[], prefix: string): [string, ...number[]][] {
  const row = (label: string, of: (sample: Sample) => number): [string, ...number[]] => {
    const values = samples.map(of);
    return [prefix + label, median(values), percentile(values, 0.99), Math.max(...values)];
  };
  return [
    row('ConfigMap on a bare watch', each => each.delivered),
    row('file on the last of the disks', each => each.lastFile),
    row('Ready on a watch of profiles', each => each.ready),
    row('(one write and fsync beside it)', each => each.fsync),
    row('ratio: file / bare watch', each => each.lastFile / each.delivered),
    row('ratio: file / (bare watch + fsync)', each => each.lastFile / (each.delivered + each.fsync)),
  ];
}
