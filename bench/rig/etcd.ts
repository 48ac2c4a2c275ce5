import type { ControlPlane } from '../../test/rig/control-plane.ts';

export interface EtcdFigures {
  /** To its write-ahead log since it started: what a disk has to take. */
  readonly bytesWritten: number;
  /** Keys that are there. */
  readonly objects: number;
}

export async function etcdFigures(plane: ControlPlane): Promise<EtcdFigures> {
  const text = await (await fetch(`${plane.etcd}/metrics`)).text();
  const figure = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return { bytesWritten: figure('etcd_disk_wal_write_bytes_total'), objects: figure('etcd_debugging_mvcc_keys_total') };
}
