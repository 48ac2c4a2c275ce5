import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FailingDisk, OPERATIONS, SmallDisk } from '../system/disk.ts';
import type { World } from '../system/world.ts';
import type { Fault } from './fault.ts';

export const DISK_FAULTS: readonly Fault[] = [
  {
    kind: 'disk full',
    uses: 'small disk',
    share: 10,
    inject: async ({ world }) => {
      const { disk, name } = small(world);
      disk.fill();
      return { count: 1, what: name, end: () => disk.free() };
    },
  },
  {
    kind: 'no inodes left',
    uses: 'small disk',
    share: 10,
    inject: async ({ world }) => {
      const { disk, name } = small(world);
      takeInodes(disk.backing);
      return { count: 1, what: name, end: () => rmSync(inodes(disk.backing), { recursive: true }) };
    },
  },
  {
    kind: 'file system remounted read-only',
    uses: 'small disk',
    share: 10,
    inject: async ({ world }) => {
      const { disk, name } = small(world);
      try {
        disk.remount('ro');
      } catch {
        // Busy: a file is open for writing at this moment.
        return { count: 0, what: name };
      }
      return { count: 1, what: name, end: () => disk.remount('rw') };
    },
  },
  {
    kind: 'EIO from the disk (FUSE)',
    uses: 'failing disk',
    share: 20,
    inject: async ({ world, random }) => {
      const failing = world.nodes.find(({ disk }) => disk instanceof FailingDisk);
      const disk = failing?.disk as FailingDisk;
      const operations = random.some(OPERATIONS, 3);
      await disk.fail(operations);
      return { count: 1, what: operations.join(', '), end: () => disk.fail([]) };
    },
  },
  {
    kind: 'EIO from the disk while the agent starts',
    needs: 'private copies',
    uses: 'failing disk',
    share: 5,
    inject: async ({ world, random }) => {
      const failing = world.nodes.find(({ disk }) => disk instanceof FailingDisk);
      if (!failing) throw new Error('no node has a disk that fails');
      const disk = failing.disk as FailingDisk;
      const operations = random.some(OPERATIONS, 2);
      await world.kill(failing);
      await disk.fail(operations);
      failing.start();
      return { count: 1, what: operations.join(', '), end: () => disk.fail([]) };
    },
  },
];

function small(world: World): { disk: SmallDisk; name: string } {
  const node = world.nodes.find(({ disk }) => disk instanceof SmallDisk);
  if (!node) throw new Error('no node has a small disk');
  return { disk: node.disk as SmallDisk, name: node.name };
}

const inodes = (root: string) => join(root, 'inodes');

function takeInodes(root: string): void {
  mkdirSync(inodes(root));
  try {
    for (let at = 0; ; at++) closeSync(openSync(join(inodes(root), String(at)), 'w'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
