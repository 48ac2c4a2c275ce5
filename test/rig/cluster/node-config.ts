import type { ClusterNetwork } from './network.ts';
import { NETWORK_PLUGINS, NODE_PROGRAMS } from './node-root.ts';

export interface NodeSettings {
  readonly name: string;
  readonly number: number;
  /** The control group in which the kubelet makes those of its Pods. */
  readonly controlGroup: string;
  readonly network: ClusterNetwork;
  readonly pauseImage: string;
  /** How containerd keeps images: overlayfs needs a disk that is not an overlay itself. */
  readonly snapshotter: string;
  readonly hostNetwork: HostNetwork;
}

/** What a Pod with hostNetwork shares: the cluster's network namespace, or the machine's, where the kernel sends audit records. */
export type HostNetwork = 'cluster' | 'machine';

/** KubeletConfiguration (kubelet.config.k8s.io/v1beta1). */
export function kubeletConfig({ number, controlGroup, network }: NodeSettings): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    // Version 1 of control groups is refused unless one says so.
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${controlGroup}`,
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    address: network.nodeAddress(number),
    healthzBindAddress: network.nodeAddress(number),
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: '/etc/kubernetes/ca.crt' },
    },
    authorization: { mode: 'Webhook' },
    makeIPTablesUtilChains: false,
    // Without any, each Pod gets a Warning.
    clusterDNS: [network.nodeAddress(number)],
    clusterDomain: 'cluster.local',
    volumePluginDir: '/var/lib/kubelet-volume-plugins',
    // Images are put in by hand and cannot be pulled again.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    syncFrequency: '10s',
    nodeStatusUpdateFrequency: '5s',
    shutdownGracePeriod: '0s',
  };
}

/** containerd's configuration, version 3 (containerd/docs/cri/config.md). */
export function containerdConfig({ pauseImage, snapshotter, hostNetwork, network }: NodeSettings): string {
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
  snapshotter = ${JSON.stringify(snapshotter)}
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

/** A list of network plugins (CNI specification 1.0.0): a Pod's interface is on the cluster's bridge. */
export function networkConfig({ number, network }: NodeSettings): object {
  const pods = network.podsOf(number);
  const ranges = [
    [
      {
        subnet: network.podRange,
        rangeStart: `${pods}.10`,
        rangeEnd: `${pods}.250`,
        gateway: network.apiServer,
      },
    ],
  ];
  const ipam = { type: 'host-local', dataDir: '/run/cni-addresses', routes: [{ dst: '0.0.0.0/0' }], ranges };
  const bridge = { type: 'bridge', bridge: network.bridge, isGateway: false, ipMasq: false, hairpinMode: true, ipam };
  return { cniVersion: '1.0.0', name: 'cluster', plugins: [bridge] };
}
