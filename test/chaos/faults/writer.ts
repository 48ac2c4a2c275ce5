import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { until } from '../../rig/until.ts';
import { VICTIM, VICTIM_DIRECTORY } from '../auditor/outside.ts';
import type { ToldNode } from '../auditor/profile.ts';
import type { ChaosNode } from '../system/world.ts';
import type { Fault, Injected, Scene } from './fault.ts';

/** What another writer does to one file of ours. */
type Harm = (path: string, node: Pick<ChaosNode, 'kubeletRoot'>) => void;

const replace =
  (by: Harm): Harm =>
  (path, node) => {
    rmSync(path, { recursive: true, force: true });
    by(path, node);
  };

/** In place, where it is a file of its own: not through a link of ours to what is not to be touched, nor into a FIFO. */
const alter =
  (by: (path: string) => void) =>
  (path: string): void => {
    const stats = lstatSync(path);
    if (!stats.isFile() || stats.nlink > 1) throw new Error(`${path} is no file of its own`);
    by(path);
  };

const FILE_HARMS: Readonly<Record<string, Harm>> = {
  'file deleted': path => rmSync(path, { force: true }),
  'file emptied': alter(path => truncateSync(path)),
  'file cut in half': alter(path => truncateSync(path, 200)),
  'file appended to': alter(path => appendFileSync(path, '\n{}')),
  'file overwritten by another profile': alter(path => writeFileSync(path, '{"defaultAction":"SCMP_ACT_ALLOW"}')),
  'file replaced (rename)': path => {
    try {
      writeFileSync(`${path}.other`, '{"defaultAction":"SCMP_ACT_ALLOW"}');
      renameSync(`${path}.other`, path);
    } finally {
      // Where the disk fails.
      rmSync(`${path}.other`, { force: true });
    }
  },
  'file made huge (sparse, 1 GiB)': alter(path => truncateSync(path, 2 ** 30)),
  'file made executable and unreadable': alter(path => chmodSync(path, 0o111)),
  'file replaced by a link to another file': replace((path, { kubeletRoot }) =>
    symlinkSync(join(kubeletRoot, VICTIM), path),
  ),
  'file replaced by a link to nothing': replace(path => symlinkSync('/nowhere/at/all', path)),
  'file replaced by a hard link to another file': replace((path, { kubeletRoot }) =>
    linkSync(join(kubeletRoot, VICTIM), path),
  ),
  'file given a second name (hard link)': (path, { kubeletRoot }) =>
    linkSync(path, join(kubeletRoot, 'inodes-second-name')),
  'file replaced by a FIFO': replace(path => execFileSync('mkfifo', [path], { stdio: 'ignore' })),
  'file replaced by a device': replace(path => execFileSync('mknod', [path, 'c', '1', '5'], { stdio: 'ignore' })),
};

/** Where the file itself stays, if it is not damaged too. */
const COPY_HARMS: Readonly<Record<string, Harm>> = {
  'private copy deleted': path => rmSync(copyOf(path), { force: true }),
  'private copy damaged': path => alter(copy => writeFileSync(copy, 'sha256:0\n{}'))(copyOf(path)),
  'private copy and file damaged': path => {
    alter(copy => writeFileSync(copy, 'sha256:0\n{}'))(copyOf(path));
    alter(file => writeFileSync(file, '{}'))(path);
  },
};

/** What stays in a file's place until somebody moves it away. */
const FILE_BLOCKS: Readonly<Record<string, Harm>> = {
  'file replaced by a directory': replace(path => mkdirSync(path)),
  'file replaced by a directory with files': replace(path => {
    mkdirSync(path);
    writeFileSync(join(path, 'theirs'), 'theirs');
  }),
};

export const WRITER_FAULTS: readonly Fault[] = [
  ...Object.entries(FILE_HARMS).map(
    ([kind, harm]): Fault => ({ kind, share: 3, needs: 'private copies', inject: scene => harmFiles(scene, harm) }),
  ),
  ...Object.entries(COPY_HARMS).map(
    ([kind, harm]): Fault => ({ kind, share: 3, takes: 'private copies', inject: scene => harmFiles(scene, harm) }),
  ),
  ...Object.entries(FILE_BLOCKS).map(
    ([kind, harm]): Fault => ({ kind, share: 2, inject: scene => harmFiles(scene, harm, true) }),
  ),
  {
    kind: 'files altered in a loop, for a second',
    share: 3,
    needs: 'private copies',
    inject: async scene => {
      const { random } = scene;
      let count = 0;
      for (const until = performance.now() + 1_000; performance.now() < until; ) {
        const injected = await harmFiles(scene, random.pick(Object.values(FILE_HARMS)));
        count += injected.count;
        await injected.end?.();
        await new Promise(resolve => setTimeout(resolve, 20));
      }
      return { count, what: 'all nodes' };
    },
  },
  {
    kind: 'temporary files and others planted in the directory',
    share: 2,
    inject: async ({ world, random }) => {
      const node = random.pick(world.nodes);
      const planted = ['.tmp-1-1', 'notes.txt', 'stranger.json'].map(name => join(directoryOf(node), name));
      try {
        for (const path of planted) writeFileSync(path, 'theirs');
      } catch (error) {
        // A full disk: some of them may be there.
        for (const path of planted) rmSync(path, { force: true });
        throw error;
      }
      const end = () => {
        // Nobody but us has removed it.
        if (!existsSync(planted[2] as string)) throw new Error(`${node.name}: a file that is not ours was removed`);
        for (const path of planted) rmSync(path, { force: true });
      };
      return { count: planted.length, what: node.name, end };
    },
  },
  directoryFault('directory replaced by a link to another', path => {
    renameSync(path, `${path}.inodes`);
    symlinkSync(join('..', VICTIM_DIRECTORY), path);
  }),
  directoryFault('directory replaced by a file', path => {
    renameSync(path, `${path}.inodes`);
    writeFileSync(path, 'a file');
  }),
  {
    kind: 'directory removed',
    share: 3,
    inject: async ({ world, auditor, random }) => {
      const node = random.pick(world.nodes);
      auditor.tampering.directory(node.name);
      removeTree(directoryOf(node));
      return { count: 1, what: node.name };
    },
  },
  {
    kind: 'directory moved away',
    share: 3,
    inject: async ({ world, auditor, random }) => {
      const node = random.pick(world.nodes);
      auditor.tampering.directory(node.name);
      const away = join(node.kubeletRoot, 'inodes-moved');
      renameSync(directoryOf(node), away);
      return { count: 1, what: node.name, end: () => rmSync(away, { recursive: true }) };
    },
  },
  {
    kind: 'directory of private copies removed',
    share: 3,
    takes: 'private copies',
    inject: async ({ world, auditor, random }) => {
      const node = random.pick(world.nodes);
      auditor.tampering.directory(node.name);
      removeTree(join(directoryOf(node), '.installed'));
      return { count: 1, what: node.name };
    },
  },
];

const directoryOf = ({ kubeletRoot }: ChaosNode) => join(kubeletRoot, 'seccomp/operator');
const copyOf = (path: string) => path.replace(/operator\/([^/]+)$/, 'operator/.installed/$1');

/** Several files of several nodes. `stays`: what was put in their place has to be moved away by a person, which the end does. */
async function harmFiles({ world, auditor, ledger, random }: Scene, harm: Harm, stays = false): Promise<Injected> {
  const done: string[] = [];
  const begun: string[] = [];
  for (const node of random.some(world.nodes))
    for (const { name } of random.some(ledger.enabled, 5)) {
      const path = join(directoryOf(node), `${name}.json`);
      auditor.tampering.file(node.name, name);
      try {
        // Where ours is not there at this moment, what we make would be another's.
        lstatSync(path);
        begun.push(path);
        harm(path, node);
        done.push(path);
      } catch {
        // Not there at this moment, or another fault is in the way.
      }
    }
  const end = () => {
    for (const { kubeletRoot } of world.nodes) rmSync(join(kubeletRoot, 'inodes-second-name'), { force: true });
    // A directory in its place is a person's to move away, also where the disk failed when it was half made.
    for (const path of stays ? begun : [])
      if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) rmSync(path, { recursive: true });
  };
  return { count: done.length, what: done.map(path => path.split('/').slice(-4).join('/')).join(', '), end };
}

/** As far as it goes: the agent may be writing there, or the disk be in trouble. */
function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true });
  } catch {}
}

/** Something in the place of our directory that nobody may touch: it has to be told, until a person puts it right. */
function directoryFault(kind: string, harm: (path: string) => void): Fault {
  const inject = async ({ world, auditor, findings, random }: Scene): Promise<Injected> => {
    const node = random.pick(world.nodes);
    const path = directoryOf(node);
    auditor.tampering.directory(node.name);
    harm(path);
    const end = async () => {
      await until(
        `${node.name} tells of it`,
        async () => {
          const report = await world.api.get<ToldNode>(`/apis/seccomp-operator.dev/v1alpha1/seccompnodes/${node.name}`);
          return report.status?.conditions?.some(({ type, status }) => type === 'Synced' && status === 'False');
        },
        { timeoutMs: 60_000 },
      ).catch(error => findings.note('untold', (error as Error).message));
      rmSync(path);
      renameSync(`${path}.inodes`, path);
    };
    return { count: 1, what: node.name, end };
  };
  return { kind, share: 3, inject, alone: true };
}
