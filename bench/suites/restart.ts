import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { System, type TestNode } from '../../test/rig/system.ts';
import { until } from '../../test/rig/until.ts';
import { barsOf, type Row } from '../report/result.ts';
import { ratios } from '../report/statistics.ts';
import { endOf, isAgents, isWrite, requestsSince, untilQuiet } from '../rig/audit.ts';
import { cpuMs } from '../rig/proc.ts';
import { adminTransport, applyAll, profiles } from '../rig/profiles.ts';
import { suite } from '../suite.ts';

const NODE = 'node-a';
const BARE_LIST = join(import.meta.dirname, '../rig/bare-list.cjs');
const run = promisify(execFile);

interface Restart {
  /** From its first request, in ms. */
  readonly synced: number;
  /** From the start of the process, which reads every file first. */
  readonly fromStart: number;
  readonly cpu: number;
  readonly filesChanged: number;
  readonly apiWrites: number;
}

/** An agent that starts where everything is on its disk already, beside a client that lists the same and does nothing. */
export const restart = suite(
  'an agent starts anew, and nothing has changed',
  { profiles: 1000, runs: 5 },
  { profiles: 5, runs: 1 },
  async ({ profiles: count, runs }, progress) => {
    const system = await System.start([NODE], { progress, audit: true });
    const transport = await adminTransport(system.plane);
    try {
      await applyAll(transport, await profiles(count));
      await untilQuiet(system.plane.auditLog, 3_000, 120_000);
      const bare: number[] = [];
      const all: Restart[] = [];
      for (let each = 1; each <= runs; each++) {
        progress(`run ${each} of ${runs}`);
        bare.push(await bareList(system));
        all.push(await oneRestart(system));
      }
      const synced = all.map(each => each.synced);
      const rows: Row[] = [
        ['bare list of the same ConfigMaps', bare, 1],
        ['agent: first request to all applied', synced, ratios(synced, bare)],
        ['agent: process started to all applied', all.map(each => each.fromStart), ''],
        ['CPU of the agent until then', all.map(({ cpu }) => cpu), ''],
        ['files or directories changed', all.map(each => each.filesChanged), ''],
        ['API writes of the agent', all.map(each => each.apiWrites), ''],
      ];
      return {
        title: `Restart of an agent with ${count} profiles, all on its disk`,
        columns: ['', 'ms, or count', 'x bare list'],
        rows,
        notes: [
          'The bare list is one GET and JSON.parse, under the same flags of node. Before its first request an agent waits up to half a second, at random, so that a fleet does not ask at once.',
        ],
        chart: barsOf(rows.slice(0, 3), 1, { label: 'milliseconds', scale: 'linear' }, label =>
          label.startsWith('bare'),
        ),
      };
    } finally {
      transport.close();
      await system.stop();
    }
  },
);

async function bareList(system: System): Promise<number> {
  const node = system.nodes.get(NODE) as TestNode;
  const { args, env } = node.agent.options;
  const flags = args.filter(each => each.startsWith('--max-') || each === '--jitless');
  const { stdout } = await run(process.execPath, [...flags, BARE_LIST], { env: { ...process.env, ...env } });
  return Number(stdout);
}

async function oneRestart(system: System): Promise<Restart> {
  const node = system.nodes.get(NODE) as TestNode;
  await node.agent.stop();
  const [before, logged] = [stamps(node.files), node.agent.log().length];
  const start = await endOf(system.plane.auditLog);
  const from = Date.now();
  system.restartAgent(NODE);
  const line = await until('all is applied', () => {
    const lines = node.agent.log().slice(logged).split('\n');
    return lines.find(each => each.includes('all that was listed is applied'));
  });
  const cpu = cpuMs(node.agent.pid);
  const applied = Date.parse((JSON.parse(line) as { time: string }).time);
  await untilQuiet(system.plane.auditLog, 3_000, 60_000);
  const requests = (await requestsSince(system.plane.auditLog, start)).filter(isAgents);
  const after = stamps(node.files);
  const changed = [...after].filter(([file, stamp]) => before.get(file) !== stamp).length;
  return {
    synced: applied - Math.min(...requests.map(({ at }) => at)),
    fromStart: applied - from,
    cpu,
    filesChanged: changed + Math.abs(after.size - before.size),
    apiWrites: requests.filter(isWrite).length,
  };
}

/** Of every file and directory: what any write to it would change. */
function stamps(directory: string): Map<string, string> {
  const names = ['.', ...readdirSync(directory, { recursive: true, encoding: 'utf8' })];
  return new Map(
    names.map(name => {
      const { ino, size, mtimeNs, ctimeNs } = statSync(join(directory, name), { bigint: true });
      return [name, `${ino} ${size} ${mtimeNs} ${ctimeNs}`];
    }),
  );
}
