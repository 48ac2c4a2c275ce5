import { CLOCK_FAULTS } from './clocks.ts';
import { CLUSTER_FAULTS } from './cluster.ts';
import { CREDENTIAL_FAULTS } from './credentials.ts';
import { DISK_FAULTS } from './disks.ts';
import type { Fault } from './fault.ts';
import { FLOOD_FAULTS } from './flood.ts';
import { NETWORK_FAULTS } from './network.ts';
import { PROCESS_FAULTS } from './processes.ts';
import { WRITER_FAULTS } from './writer.ts';

/** All that is done to the system, by family. */
export const FAMILIES = {
  processes: PROCESS_FAULTS,
  network: NETWORK_FAULTS,
  credentials: CREDENTIAL_FAULTS,
  clocks: CLOCK_FAULTS,
  disks: DISK_FAULTS,
  writer: WRITER_FAULTS,
  cluster: CLUSTER_FAULTS,
  flood: FLOOD_FAULTS,
} as const satisfies Record<string, readonly Fault[]>;

export type Family = keyof typeof FAMILIES;

export const ALL_FAULTS: readonly Fault[] = Object.values(FAMILIES).flat();
