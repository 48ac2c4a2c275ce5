import type { NodeSettings } from '../node-config.ts';
import { NETWORK_PLUGINS, NODE_PROGRAMS } from '../node-root.ts';
import type { ContainerRuntime } from './runtime.ts';

const CTR = [`${NODE_PROGRAMS}/ctr`, '--namespace', 'k8s.io'];

export const containerd: ContainerRuntime = {
  name: 'containerd',
  socket: '/run/containerd/containerd.sock',
  daemon: [`${NODE_PROGRAMS}/containerd`, '--config=/etc/containerd/config.toml'],
  probe: [...CTR, 'version'],
  configuration: settings => ({ '/etc/containerd/config.toml': configuration(settings) }),
  async load(run, archive) {
    await run([...CTR, 'images', 'import', '--local', '-'], archive);
  },
  async tasks(run) {
    const [, ...lines] = (await run([...CTR, 'tasks', 'list'])).trim().split('\n');
    return new Map(lines.map(line => line.split(/\s+/)).map(([id = '', pid]) => [id, Number(pid)]));
  },
};

/** containerd's configuration, version 3 (containerd/docs/cri/config.md). */
function configuration({ pauseImage, diskTakesOverlays, hostNetwork, network }: NodeSettings): string {
  const cri = "plugins.'io.containerd.cri.v1";
  const unused = [
    'io.containerd.nri.v1.nri',
    'io.containerd.snapshotter.v1.blockfile',
    'io.containerd.snapshotter.v1.erofs',
    'io.containerd.differ.v1.erofs',
    'io.containerd.internal.v1.tracing',
  ];
  return `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ${JSON.stringify(unused)}

[grpc]
  address = "/run/containerd/containerd.sock"

# Where the kubelet reaches exec and port-forward: on loopback only if that is its own too.
[plugins.'io.containerd.grpc.v1.cri']
  stream_server_address = "${hostNetwork === 'machine' ? network.machine : '127.0.0.1'}"

[${cri}.images']
  snapshotter = "${diskTakesOverlays ? 'overlayfs' : 'native'}"
[${cri}.images'.pinned_images]
  sandbox = ${JSON.stringify(pauseImage)}

[${cri}.runtime']
  # A root without CAP_SYS_RESOURCE cannot lower this score.
  restrict_oom_score_adj = true
  [${cri}.runtime'.cni]
    bin_dirs = ["${NETWORK_PLUGINS}"]
    conf_dir = "/etc/cni/net.d"
  [${cri}.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [${cri}.runtime'.containerd.runtimes.runc.options]
      BinaryName = "${NODE_PROGRAMS}/runc"
`;
}
