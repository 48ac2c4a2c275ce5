import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cachePath, locked, type Progress, place } from './cache.ts';
import { bind, type ContainerOptions, Containers, type Outcome } from './container.ts';
import { extractPackages } from './debian.ts';
import { goBuild } from './go.ts';

/** A server of a Debian package, or a small one in a language of one, and how one sees that it works. */
export interface Service {
  readonly name: string;
  readonly args: readonly string[];
  readonly uid?: number;
  /** What test/rig/services/smoke.ts asks. */
  readonly smoke: string;
  /** Upon which it ends in order. */
  readonly stop: NodeJS.Signals;
}

const POSTGRES_UID = 101;

export const SERVICES: readonly Service[] = [
  {
    name: 'nginx',
    args: ['/usr/sbin/nginx', '-c', '/services/nginx.conf'],
    smoke: 'http 8080',
    stop: 'SIGQUIT',
  },
  {
    name: 'redis',
    args: ['/usr/bin/redis-server', '--dir', '/tmp', '--bind', '127.0.0.1', '--port', '6379'],
    smoke: 'redis 6379',
    stop: 'SIGTERM',
  },
  { name: 'python', args: ['/usr/bin/python3', '/services/server.py'], smoke: 'http 8080', stop: 'SIGTERM' },
  { name: 'node', args: ['/usr/bin/node', '/services/server.mjs'], smoke: 'http 8080', stop: 'SIGTERM' },
  {
    name: 'postgres',
    args: ['/usr/lib/postgresql/15/bin/postgres', '-D', '/data', '-k', '/tmp', '-c', 'listen_addresses=127.0.0.1'],
    uid: POSTGRES_UID,
    smoke: 'postgres 5432',
    stop: 'SIGINT',
  },
  { name: 'go', args: ['/go/server'], smoke: 'http 8080', stop: 'SIGTERM' },
];

const PACKAGES = [
  'dash',
  'nginx-light',
  'redis-server',
  'python3-minimal',
  'libpython3-stdlib',
  'nodejs',
  'postgresql-15',
  'strace',
];
const FILES = join(import.meta.dirname, 'services');

/** A container's end, and what its client said. */
export interface ServiceOutcome extends Outcome {
  /** `ok`, or what is wrong. */
  readonly answer: string;
}

/** Servers in containers on real runtimes, and their client: in a network namespace of their own. Needs root. */
export class ServiceRig {
  readonly #containers = new Containers();
  /** For traces and profiles; gone with the rig. */
  readonly folder = mkdtempSync(join(tmpdir(), 'seccomp-services-'));
  readonly #network = new NetworkNamespace();
  readonly #rootfs: string;

  static async open(progress: Progress): Promise<ServiceRig> {
    const rig = new ServiceRig(await rootFileSystem(progress));
    await rig.#network.isUp;
    await rig.#prepare(progress);
    return rig;
  }

  private constructor(rootfs: string) {
    this.#rootfs = rootfs;
  }

  /** Runs a server without a profile, under strace, until it has answered and ended. Gives the trace's path. */
  async trace(service: Service, options: Pick<ContainerOptions, 'runtime' | 'noNewPrivileges'>): Promise<string> {
    const file = join(this.folder, `${service.name}-${Date.now()}.strace`);
    const name = `/out/${file.split('/').at(-1)}`;
    // -D: the server stays the container's first process, which signals go to.
    const args = ['/usr/bin/strace', '-f', '-D', '-o', name, ...service.args];
    const outcome = await this.run({ ...service, args }, options);
    if (outcome.answer !== 'ok' || outcome.code !== 0)
      throw new Error(`${service.name} under strace: ${JSON.stringify(outcome)}`);
    return file;
  }

  /** Starts a server, lets its client ask, and ends it. */
  async run(service: Service, options: ContainerOptions): Promise<ServiceOutcome> {
    const running = this.#containers.start({ ...this.#environment(service), ...options, args: service.args }, 60_000);
    const ended = running.outcome.then(() => 'it ended before it answered');
    const answer = await Promise.race([this.#network.ask(service.smoke), ended]);
    running.signal(service.stop);
    return { ...(await running.outcome), answer };
  }

  close(): void {
    this.#network.close();
    this.#containers.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #environment({ uid = 0 }: Service): Pick<ContainerOptions, 'rootfs' | 'mounts' | 'network' | 'uid'> {
    const shm = { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'mode=1777', 'size=8m'] };
    const mounts = [
      bind(FILES, '/services'),
      bind(join(this.folder, 'go'), '/go'),
      bind(join(this.folder, 'data'), '/data', 'rw'),
      bind(this.folder, '/out', 'rw'),
      shm,
    ];
    return { rootfs: this.#rootfs, mounts, network: this.#network.path, uid };
  }

  async #prepare(progress: Progress): Promise<void> {
    for (const each of ['data', 'go']) mkdirSync(join(this.folder, each));
    execFileSync('chown', ['-R', `${POSTGRES_UID}:${POSTGRES_UID}`, this.folder]);
    execFileSync('chmod', ['755', this.folder]);
    await goBuild({ module: join(FILES, 'server'), args: ['-o', join(this.folder, 'go/server'), '.'] }, progress);
    const initdb = ['/usr/lib/postgresql/15/bin/initdb', '-D', '/data', '-U', 'postgres', '-A', 'trust', '-N'];
    const { code, stderr } = await this.#containers.run(
      { ...this.#environment({ uid: POSTGRES_UID } as Service), runtime: 'runc', noNewPrivileges: true, args: initdb },
      60_000,
    );
    if (code !== 0) throw new Error(`initdb failed: ${stderr}`);
  }
}

/** A namespace with nothing but a loopback device, and the client in it. */
class NetworkNamespace {
  readonly #client: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly isUp: Promise<void>;

  constructor() {
    const up = '/bin/busybox ifconfig lo up && exec "$@"';
    const client = [process.execPath, join(FILES, 'smoke.ts')];
    this.#client = spawn('unshare', ['--net', 'sh', '-c', up, 'sh', ...client], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (!this.#client.stdout) throw new Error('the client has no output');
    this.#answers = createInterface({ input: this.#client.stdout })[Symbol.asyncIterator]();
    this.isUp = this.ask('ping').then(() => undefined);
  }

  get path(): string {
    return `/proc/${this.#client.pid}/ns/net`;
  }

  async ask(question: string): Promise<string> {
    this.#client.stdin?.write(`${question}\n`);
    const { value } = await this.#answers.next();
    return String(value);
  }

  close(): void {
    this.#client.stdin?.end();
  }
}

/** Debian's packages, unpacked into a directory that containers only read. */
async function rootFileSystem(progress: Progress): Promise<string> {
  const recipe = readFileSync(import.meta.filename);
  const directory = cachePath(`services-${createHash('sha256').update(recipe).digest('hex').slice(0, 16)}`);
  if (existsSync(directory)) return directory;
  return locked(directory, progress, async () => {
    if (existsSync(directory)) return directory;
    progress(`unpacking ${PACKAGES.join(', ')} and what they need (about 100 MB, once)`);
    await place(directory, async into => {
      await extractPackages(PACKAGES, into);
      for (const each of ['proc', 'dev', 'sys', 'tmp', 'run', 'services', 'go', 'data', 'out'])
        mkdirSync(join(into, each));
      // runc gives a tmpfs the mode of the directory that it covers.
      chmodSync(join(into, 'tmp'), 0o1777);
      const users = ['root:x:0:0::/:/bin/sh', 'www-data:x:33:33::/:/bin/sh', 'postgres:x:101:101::/:/bin/sh'];
      writeFileSync(join(into, 'etc/passwd'), `${users.join('\n')}\n`);
      writeFileSync(join(into, 'etc/group'), 'root:x:0:\nwww-data:x:33:\npostgres:x:101:\n');
      return true;
    });
    return directory;
  });
}
