// Draws docs/dashboard.svg: the panels of manifests/monitoring/dashboard.json, with what a real Prometheus was told by the
// operator on a cluster with real nodes. Takes root and about six minutes.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { note, step } from '../../demo/narrate.ts';
import { Installation } from '../../test/rig/cluster/installation.ts';
import { type Dashboard, drawDashboard, type Seen } from './picture.ts';
import { Prometheus, type Series } from './prometheus.ts';
import { live } from './scenario.ts';

const PROJECT = join(import.meta.dirname, '../..');
const PICTURE = 'docs/dashboard.svg';
const OPERATOR_METRICS = 9180;

const dashboard = JSON.parse(await readFile(join(PROJECT, 'manifests/monitoring/dashboard.json'), 'utf8')) as Dashboard;

step('A cluster with two real nodes, and the operator');
const system = await Installation.start({ hostNetwork: 'machine', progress: note });
const directory = await mkdtemp(join(tmpdir(), 'dashboard-'));
try {
  await system.countViolations();
  const targets = (await system.operators()).map(({ status }) => `${status.podIP}:${OPERATOR_METRICS}`);
  step(`Prometheus, which asks ${targets.join(' and ')} each second`);
  const prometheus = await Prometheus.start(directory, targets, note);
  try {
    const from = Date.now() / 1_000;
    await live(system, note);
    await writeFile(join(PROJECT, PICTURE), drawDashboard(dashboard, await look(prometheus, from)));
    step(`Drawn: ${PICTURE}`);
  } finally {
    await prometheus.stop();
  }
} finally {
  await system.stop();
  await rm(directory, { recursive: true, force: true });
}

async function look(prometheus: Prometheus, from: number): Promise<Seen> {
  const to = Date.now() / 1_000;
  const seen = new Map<string, readonly Series[]>();
  for (const { targets, type } of dashboard.panels) {
    for (const { expr } of targets) {
      const query = expr.replaceAll('$profile', '.*');
      seen.set(expr, await (type === 'timeseries' ? prometheus.queryRange(query, from, to) : prometheus.query(query)));
    }
  }
  return { from, to, series: seen };
}
