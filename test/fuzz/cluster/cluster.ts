import { join } from 'node:path';
import { kubeconfigCredentials } from '../../../src/kube/kubeconfig.ts';
import { ControlPlane } from '../../rig/control-plane.ts';
import { RawClient, type Tallies } from './raw.ts';
import { fuzzRendered, type Run } from './rendered.ts';
import { fuzzReports } from './reports.ts';
import { fuzzSpecs } from './specs.ts';
import { Filters } from './specs-filters.ts';

/** Of all objects, so many are ConfigMaps, and so many node reports; these are written, specs only asked about. */
const SHARE = 0.05;

/** All three, one after another. Throws the first `Defect`. */
export async function fuzzCluster({ objects, seed, progress = () => {} }: Run): Promise<void> {
  const written = Math.ceil(objects * SHARE);
  progress(`seed ${seed}: ${objects - 2 * written} specs, ${written} rendered ConfigMaps, ${written} node reports`);
  await timed('specs', () => specsOnAPlane({ objects: objects - 2 * written, seed, progress }));
  await timed('rendered ConfigMaps', () => fuzzRendered({ objects: written, seed, progress }));
  await timed('node reports', () => fuzzReports({ objects: written, seed, progress }));

  async function timed(what: string, work: () => Promise<Tallies>): Promise<void> {
    const from = performance.now();
    const tallies = await work();
    progress(`${what}: ${((performance.now() - from) / 1000).toFixed(0)} s\n${tallies.lines().join('\n')}`);
  }
}

/** With a control plane of their own; some of those that it takes are built by libseccomp too. */
export async function specsOnAPlane(run: Run, started = 100): Promise<Tallies> {
  const plane = await ControlPlane.start();
  const filters = new Filters();
  try {
    await plane.kubectl(['apply', '-k', join(import.meta.dirname, '../../../crds')]);
    await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
    const client = new RawClient(await kubeconfigCredentials(plane.kubeconfig));
    const tallies = await fuzzSpecs({ ...run, client, taken: spec => filters.offer(spec) });
    client.close();
    await filters.compared(tallies);
    await filters.started(tallies, started);
    return tallies;
  } finally {
    filters.stop();
    await plane.stop();
  }
}
