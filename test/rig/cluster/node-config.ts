import type { ClusterNetwork } from './network.ts';
import type { ContainerRuntime } from './runtime/runtime.ts';

export interface NodeSettings {
  readonly name: string;
  readonly number: number;
  /** The control group in which the kubelet makes those of its Pods. */
  readonly controlGroup: string;
  readonly network: ClusterNetwork;
  readonly pauseImage: string;
  /** False where it is an overlay itself, on which there can be no other one. */
  readonly diskTakesOverlays: boolean;
  readonly hostNetwork: HostNetwork;
  readonly runtime: ContainerRuntime;
}

/** What a Pod with hostNetwork shares: the cluster's network namespace, or the machine's, where the kernel sends audit records. */
export type HostNetwork = 'cluster' | 'machine';

/** KubeletConfiguration (kubelet.config.k8s.io/v1beta1). */
export function kubeletConfig({ number, controlGroup, network, runtime }: NodeSettings): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    // Version 1 of control groups is refused unless one says so.
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${controlGroup}`,
    containerRuntimeEndpoint: `unix://${runtime.socket}`,
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
