import type { SeccompNode } from '../../src/core/api/seccomp-node.ts';
import { GROUP, NODE_PLURAL, VERSION } from '../../src/core/names.ts';
import { resourcePath } from '../../src/kube/objects.ts';
import type { Transport } from '../../src/kube/transport.ts';
import type { ControlPlaneOptions } from '../../test/rig/control-plane.ts';
import { System } from '../../test/rig/system.ts';
import { until } from '../../test/rig/until.ts';
import { adminTransport } from '../rig/profiles.ts';
import { SimulatedFleet } from './fleet.ts';

export interface FleetBench {
  readonly system: System;
  readonly transport: Transport;
  readonly fleet: SimulatedFleet;
}

/** A control plane with the manifests, the operator as a process, and a fleet without nodes yet. Ends all of it. */
export async function withFleet<T>(options: ControlPlaneOptions, work: (bench: FleetBench) => Promise<T>) {
  const system = await System.install(options);
  const transport = await adminTransport(system.plane);
  const fleet = await SimulatedFleet.create(system, transport);
  try {
    await system.startOperator();
    return await work({ system, transport, fleet });
  } finally {
    await fleet.close();
    transport.close();
    await system.stop();
  }
}

/** Waits until the operator has made the nodes' reports, so that agents can write into them. */
export async function untilKnown({ fleet, transport }: FleetBench): Promise<void> {
  const isKnown = async () => (await reports(transport)).length === fleet.size;
  await until(`the operator knows ${fleet.size} nodes`, isKnown, { timeoutMs: 300_000, everyMs: 250 });
}

/** Waits until every node has reported that it holds everything. */
export async function untilSynced({ fleet, transport }: FleetBench, timeoutMs = 300_000): Promise<void> {
  const areSynced = async () => (await reports(transport)).filter(isSynced).length === fleet.size;
  await until(`${fleet.size} nodes are synced`, areSynced, { timeoutMs, everyMs: Math.max(100, fleet.size) });
}

async function reports(transport: Transport): Promise<SeccompNode[]> {
  const path = resourcePath({ group: GROUP, version: VERSION, plural: NODE_PLURAL });
  return (await transport.request<{ items: SeccompNode[] }>('GET', path)).items;
}

const isSynced = ({ status }: SeccompNode): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Synced' && is === 'True') ?? false;
