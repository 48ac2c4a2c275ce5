import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ChaosNode } from '../system/world.ts';
import type { Findings } from './findings.ts';

/** What lies beside our directory, on each node, and where another writer's links lead: nobody may touch it. */
export class Outside {
  readonly #before = new Map<string, string>();
  readonly #nodes: readonly ChaosNode[];

  constructor(nodes: readonly ChaosNode[]) {
    this.#nodes = nodes;
    for (const node of nodes) {
      plant(node.disk.backing);
      this.#before.set(node.name, picture(node.disk.backing));
    }
  }

  check(findings: Findings): void {
    for (const { name, disk } of this.#nodes) {
      const before = new Set(this.#before.get(name)?.split('\n'));
      const now = new Set(picture(disk.backing).split('\n'));
      const changed = [...now.symmetricDifference(before)];
      if (changed.length) findings.note('outside', `${name}: ${changed.slice(0, 6).join('; ')}`);
    }
  }
}

/** A file that a link or a second name of ours may lead to. */
export const VICTIM = 'seccomp/victim.json';
/** A directory that a link in the place of ours may lead to. */
export const VICTIM_DIRECTORY = 'pods/victim';

function plant(root: string): void {
  for (const directory of ['seccomp', VICTIM_DIRECTORY]) mkdirSync(join(root, directory), { recursive: true });
  writeFileSync(join(root, VICTIM), '{"defaultAction":"SCMP_ACT_LOG"}');
  writeFileSync(join(root, 'seccomp/other.json'), '{}');
  writeFileSync(join(root, VICTIM_DIRECTORY, 'profile-0.json'), 'not ours');
  writeFileSync(join(root, 'config.yaml'), 'kind: KubeletConfiguration\n');
}

/** Kind, mode, owner and content of everything but our directory. */
function picture(root: string): string {
  const lines: string[] = [];
  const visit = (path: string) => {
    const name = relative(root, path);
    if (name === 'seccomp/operator' || name === 'filler' || name.startsWith('inodes')) return;
    const stats = lstatSync(path);
    const identity = `${name} ${stats.mode.toString(8)} ${stats.uid}:${stats.gid}`;
    if (stats.isDirectory()) {
      lines.push(identity);
      for (const child of readdirSync(path)) visit(join(path, child));
    } else if (stats.isSymbolicLink()) lines.push(`${identity} -> ${readlinkSync(path)}`);
    else lines.push(`${identity} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`);
  };
  visit(root);
  return lines.join('\n');
}
