/** A container on this node, as its cgroup names it. */
export interface ContainerRef {
  /** As the API server writes it. A static Pod has the kubelet's own 32 digits here, which its mirror Pod has as annotation. */
  readonly podUid: string;
  readonly containerId: string;
}

/** A UID, with `_` for `-` in names of slices (k8s.io/kubernetes, pkg/kubelet/cm/cgroup_manager_linux.go), or that of a static Pod. */
const UID = '[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32}';

/**
 * The Pod's level and the container's below it. Above is whatever kubelet's `--cgroup-root`, QoS classes, nested nodes and
 * the reader's cgroup namespace (`/../..`) make it; below what the container makes of its own. The container's name is
 * the id with what the runtime puts around it: nothing, `cri-containerd-`, `crio-` or `docker-` and `.scope`; containerd told to
 * use cgroupfs beside a kubelet that uses systemd has colons. CRI-O's `crio-conmon-<id>` is its monitor, not the container.
 */
const CONTAINER = new RegExp(
  `[/-]pod(${UID})(?:\\.slice)?[/:](?!crio-conmon-)(?:[a-z]+(?:-[a-z]+)*[-:])?([0-9a-f]{64})(?:\\.scope)?(?=/|$)`,
  'm',
);

/** Where a kubelet begins: `kubepods` with systemd's slices below it, themselves below those of a `--cgroup-root`. */
const KUBEPODS = /\/(?:[a-z]+-)*kubepods(?:[-.][^/]*)?(?:\/(?:[a-z]+-)*kubepods[-.][^/]*)*(?=\/)/g;

/**
 * The container that a process is in, from the text of its /proc/PID/cgroup: one line a hierarchy (cgroups(7)). Undefined for a
 * process of the host's, of our own Pod under a private cgroup namespace, or of another node that shares the kernel:
 * those are not below `root`.
 */
export function containerOf(text: string, root = ''): ContainerRef | undefined {
  for (const line of text.split('\n')) {
    const path = pathOf(line);
    const found = path.startsWith(root) ? CONTAINER.exec(path.slice(root.length)) : null;
    if (found) return { podUid: (found[1] as string).replaceAll('_', '-'), containerId: found[2] as string };
  }
  return undefined;
}

/**
 * What is above this node's Pods, from the text of the reader's own /proc/self/cgroup: nothing on a usual node, and nothing
 * where the reader has a cgroup namespace of its own, which hides it. Of nested nodes the innermost is the reader's.
 */
export function rootOf(ownText: string): string {
  for (const line of ownText.split('\n')) {
    const path = pathOf(line);
    if (!CONTAINER.test(path)) continue;
    const levels = [...path.matchAll(KUBEPODS)].map(each => each.index);
    const [first = 0] = levels;
    return path.slice(0, levels.findLast(at => CONTAINER.test(path.slice(at))) ?? first);
  }
  return '';
}

/** `hierarchy-ID:controller-list:cgroup-path`; the path may have colons too. */
const pathOf = (line: string) => line.slice(line.indexOf(':', line.indexOf(':') + 1) + 1);
