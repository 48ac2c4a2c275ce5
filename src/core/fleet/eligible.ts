/** Which nodes should hold the profiles: those that the agents' DaemonSet runs on. */

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/** The part of a Node that decides, and nothing else: the operator keeps one of these for each node. */
export interface NodeInfo {
  readonly name: string;
  readonly uid: string;
  /** As Go names it (GOARCH): amd64, arm64, ... */
  readonly architecture: string;
  readonly operatingSystem: string;
  /** As `uname -r` says it. */
  readonly kernel?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Condition Ready is True: its kubelet is heard. */
  readonly ready: boolean;
}

/** Where agents should run, as the DaemonSet's Pod template says it. */
export interface Placement {
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
}

/** False for Windows, virtual nodes, and nodes that selector or taints keep the agent from. */
export function isEligible(node: NodeInfo, placement: Placement): boolean {
  if (node.operatingSystem !== 'linux' || node.labels['type'] === 'virtual-kubelet') return false;
  const selected = Object.entries(placement.nodeSelector).every(([key, value]) => node.labels[key] === value);
  return selected && node.taints.every(taint => !repels(taint) || isTolerated(taint, placement.tolerations));
}

const repels = (taint: Taint) => taint.effect === 'NoSchedule' || taint.effect === 'NoExecute';

/** The taints that the DaemonSet controller tolerates for every Pod of its own (k8s.io/kubernetes/pkg/controller/daemon/util). */
const ALWAYS_TOLERATED = new Set(
  ['not-ready', 'unreachable', 'disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map(
    name => `node.kubernetes.io/${name}`,
  ),
);

function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return ALWAYS_TOLERATED.has(taint.key) || tolerations.some(toleration => matches(toleration, taint));
}

/**
 * Source: `ToleratesTaint` in k8s.io/component-helpers/scheduling/corev1. The numeric operators `Lt` and `Gt` (KEP-5471)
 * tolerate nothing here: the API server takes them only behind a feature gate.
 */
function matches(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  const comparesValues = (toleration.operator || 'Equal') === 'Equal' && Boolean(toleration.key);
  return comparesValues && (toleration.value ?? '') === (taint.value ?? '');
}
