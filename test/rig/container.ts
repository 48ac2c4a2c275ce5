import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Debian's busybox-static has it: one program without libraries, so a whole root file system of one file. */
const BUSYBOX = '/bin/busybox';

export interface ContainerOptions {
  /** The runtime's program: a name to look for, or a path. */
  readonly runtime: string;
  /** What `securityContext.allowPrivilegeEscalation: false` sets. */
  readonly noNewPrivileges: boolean;
  /** The file's text, as the agent writes it; without one the container is not confined. */
  readonly profile?: string;
  readonly args?: readonly string[];
  readonly uid?: number;
  /** Put before the runtime's command line, such as `strace -f`. */
  readonly under?: readonly string[];
  /** A directory in place of the one with busybox. */
  readonly rootfs?: string;
  /** Beside /proc, /dev, /sys and /tmp. */
  readonly mounts?: readonly Mount[];
  /** A network namespace to join, by its path; one of its own unless given. */
  readonly network?: string;
}

/** As in the OCI runtime specification, config.md. */
export interface Mount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** A directory of the machine as the container is to see it. */
export const bind = (source: string, destination: string, mode: 'ro' | 'rw' = 'ro'): Mount => ({
  destination,
  source,
  type: 'bind',
  options: ['rbind', mode],
});

export interface Outcome {
  /** The runtime's exit code; nothing where it hung and was ended. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningContainer {
  readonly outcome: Promise<Outcome>;
  /** To the container's first process: the runtime passes it on. */
  signal(name: NodeJS.Signals): void;
}

/** Runs containers of busybox, unless told otherwise, on a real runtime, from OCI bundles in a directory of its own. Needs root. */
export class Containers {
  readonly #folder = mkdtempSync(join(tmpdir(), 'seccomp-containers-'));
  readonly #rootfs = join(this.#folder, 'rootfs');
  #count = 0;

  constructor() {
    if (process.getuid?.() !== 0) throw new Error('containers are started by root: run these tests as root');
    if (!existsSync(BUSYBOX)) throw new Error(`${BUSYBOX} is missing: apt-get install busybox-static`);
    for (const each of ['bin', 'proc', 'dev', 'sys', 'tmp']) mkdirSync(join(this.#rootfs, each), { recursive: true });
    // So that a user other than root can enter it, whatever the umask.
    for (const each of [this.#folder, this.#rootfs]) chmodSync(each, 0o755);
    copyFileSync(BUSYBOX, join(this.#rootfs, 'bin/busybox'));
    for (const applet of ['sh', 'true', 'echo', 'mkdir', 'sleep']) {
      symlinkSync('busybox', join(this.#rootfs, 'bin', applet));
    }
  }

  /** Starts one, waits for its end, and removes it. */
  run(options: ContainerOptions, timeoutMs = 10_000): Promise<Outcome> {
    return this.start(options, timeoutMs).outcome;
  }

  /** Starts one; it has to end by itself, or by a signal, within the time. */
  start(options: ContainerOptions, timeoutMs: number): RunningContainer {
    this.#count += 1;
    const id = `seccomp-${process.pid}-${this.#count}`;
    const bundle = join(this.#folder, id);
    mkdirSync(bundle);
    writeFileSync(join(bundle, 'config.json'), configuration(options.rootfs ?? this.#rootfs, id, options));
    // A state directory for each: crun keeps compiled filters there, and takes profiles that differ in errnoRet for one.
    const runtime = [options.runtime, '--root', join(bundle, 'state')];
    const command = [...WITH_CGROUP2, ...(options.under ?? []), ...runtime, 'run', '--bundle', bundle, id];
    const { child, outcome } = begin(command, timeoutMs);
    const clean = ({ code }: Outcome) => {
      if (code === undefined) remove([...WITH_CGROUP2, ...runtime, 'delete', '--force', id]);
      rmSync(bundle, { recursive: true, force: true });
    };
    return {
      signal: name => child.kill(name),
      outcome: outcome.then(ended => {
        clean(ended);
        return ended;
      }),
    };
  }

  /** Puts a program that needs no libraries into the root file system, as /bin/NAME. */
  add(name: string, path: string): void {
    copyFileSync(path, join(this.#rootfs, 'bin', name));
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Whether the program is there and answers. */
export const hasRuntime = (runtime: string): boolean => spawnSync(runtime, ['--version']).status === 0;

/**
 * In a mount namespace where cgroups are version 2 alone: crun refuses machines that mount both, as many build machines do.
 * Also what the runtime may leave mounted is gone with it.
 */
const WITH_CGROUP2 = [
  ...['unshare', '--mount', '--propagation', 'private'],
  ...['sh', '-c', 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"', 'sh'],
];

function begin([command = '', ...args]: readonly string[], timeoutMs: number) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    const output = { stdout: '', stderr: '' };
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      child.kill('SIGKILL');
      // What it started holds the pipes open.
      child.stdout.destroy();
      child.stderr.destroy();
    }, timeoutMs);
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', text => {
        output[stream] += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: hung ? undefined : (code ?? (signal ? 128 : 0)), ...output });
    });
  });
  return { child, outcome };
}

function remove([command = '', ...args]: readonly string[]): void {
  spawnSync(command, args, { stdio: 'ignore', timeout: 10_000 });
}

/** A container as containerd's CRI plugin asks for one, as far as it matters to what a runtime calls under the filter. */
function configuration(rootfs: string, id: string, options: ContainerOptions): string {
  const { uid = 0, noNewPrivileges, profile, args = ['/bin/true'] } = options;
  const capabilities = uid === 0 ? CAPABILITIES : [];
  return JSON.stringify({
    ociVersion: '1.0.2',
    process: {
      user: { uid, gid: uid, additionalGids: [10] },
      args,
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: { bounding: CAPABILITIES, effective: capabilities, permitted: capabilities },
      noNewPrivileges,
    },
    root: { path: rootfs, readonly: true },
    hostname: id,
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777', 'size=1024k'] },
      ...(options.mounts ?? []),
    ],
    linux: {
      cgroupsPath: `/${id}`,
      namespaces: [
        ...['pid', 'ipc', 'uts', 'mount'].map(type => ({ type })),
        { type: 'network', ...(options.network ? { path: options.network } : {}) },
      ],
      maskedPaths: ['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys'],
      ...(profile ? { seccomp: RAW } : {}),
    },
  }).replace(JSON.stringify(RAW), () => profile ?? '');
}

/** Stands where the profile goes, whose 64-bit integers JSON.parse would change. */
const RAW = 'the profile, byte by byte';

/** containerd's default (oci.defaultUnixCaps). */
const CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FSETID',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
  'AUDIT_WRITE',
].map(name => `CAP_${name}`);
