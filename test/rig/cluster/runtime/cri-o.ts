import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Progress } from '../../cache.ts';
import { findCriO } from '../../cri-o-binaries.ts';
import { requirePackages } from '../../debian.ts';
import type { NodeSettings } from '../node-config.ts';
import { NETWORK_PLUGINS, NODE_PROGRAMS } from '../node-root.ts';
import type { ContainerRuntime } from './runtime.ts';

const execute = promisify(execFile);
const PROGRAMS = '/opt/cri-o/bin';
const SOCKET = '/run/crio/crio.sock';
const STORAGE = { root: '/var/lib/containers/storage', runroot: '/run/containers/storage' };
const RUNC_ROOT = '/run/runc';

/** CRI-O with runc, its monitor from Debian, and images put in by buildah, which keeps them in the same store. */
export async function criO(progress: Progress): Promise<ContainerRuntime> {
  await requirePackages({ conmon: '/usr/bin/conmon', buildah: '/usr/bin/buildah' }, progress);
  const programs = await findCriO(progress);
  return {
    name: 'cri-o',
    socket: SOCKET,
    daemon: [`${PROGRAMS}/crio`, '--config=/etc/crio/crio.conf', '--config-dir='],
    probe: [`${PROGRAMS}/crio`, 'status', `--socket=${SOCKET}`, 'info'],
    programs: Object.fromEntries(['crio', 'pinns'].map(name => [`${PROGRAMS}/${name}`, join(programs, name)])),
    configuration: settings => ({
      '/etc/crio/crio.conf': configuration(settings),
      '/etc/containers/policy.json': '{"default": [{"type": "insecureAcceptAnything"}]}',
      '/etc/containers/registries.conf': 'unqualified-search-registries = ["docker.io"]\n',
      [`${PROGRAMS}/runc`]: RUNC,
    }),
    async load(run, archive) {
      const store = Object.entries(STORAGE).map(([flag, path]) => `--${flag}=${path}`);
      const buildah = ['buildah', ...store, '--storage-driver=overlay'];
      // It follows /dev/stdin to a path that is not on the node.
      const copy = (await run(['mktemp', '--suffix=.tar'])).trim();
      await run(['sh', '-c', 'cat > "$0"', copy], archive);
      const id = (await run([...buildah, 'pull', '--quiet', `oci-archive:${copy}`])).trim();
      await run([...buildah, 'tag', id, await nameIn(archive)]);
      await run(['rm', copy]);
    },
    async tasks(run) {
      const listed = await run([`${NODE_PROGRAMS}/runc`, `--root=${RUNC_ROOT}`, 'list', '--format=json']);
      const tasks = (JSON.parse(listed) ?? []) as { id: string; pid: number }[];
      return new Map(tasks.map(({ id, pid }) => [id, pid]));
    },
  };
}

async function nameIn(archive: string): Promise<string> {
  const { stdout } = await execute('tar', ['-xOf', archive, '--wildcards', '*index.json']);
  const [first] = JSON.parse(stdout).manifests as { annotations: Record<string, string> }[];
  return first?.annotations['org.opencontainers.image.ref.name'] ?? '';
}

/**
 * Takes out what containerd is told to leave out: a root without CAP_SYS_RESOURCE cannot lower a process's score for the kernel's
 * out-of-memory killer, and not every machine has control groups for huge pages.
 */
const RUNC = `#!/bin/sh
for word in "$@"; do
  [ "$before" = --bundle ] &&
    sed -i -z 's/"oomScoreAdj": *-[0-9]*/"oomScoreAdj": 0/; s/"hugepageLimits": *\\[[^]]*\\]/"hugepageLimits": []/' "$word/config.json"
  before=$word
done
exec ${NODE_PROGRAMS}/runc "$@"
`;

/** crio.conf(5). */
function configuration({ pauseImage }: NodeSettings): string {
  return `[crio]
root = "${STORAGE.root}"
runroot = "${STORAGE.runroot}"
storage_driver = "overlay"
version_file = "/run/crio/version"
clean_shutdown_file = "/var/lib/crio/clean.shutdown"
[crio.api]
listen = "${SOCKET}"
[crio.runtime]
cgroup_manager = "cgroupfs"
container_exits_dir = "/run/crio/exits"
container_attach_socket_dir = "/run/crio"
namespaces_dir = "/run/crio/namespaces"
pinns_path = "${PROGRAMS}/pinns"
default_runtime = "runc"
[crio.runtime.runtimes.runc]
runtime_path = "${PROGRAMS}/runc"
runtime_root = "${RUNC_ROOT}"
monitor_path = "/usr/bin/conmon"
monitor_cgroup = "pod"
[crio.image]
pause_image = "${pauseImage}"
signature_policy = "/etc/containers/policy.json"
[crio.network]
network_dir = "/etc/cni/net.d"
plugin_dirs = ["${NETWORK_PLUGINS}"]
`;
}
