import { localhostProfile } from '../core/profile/file-name.ts';
import { type ContainerFilter, containerFilters, type PodContainers } from '../core/uses/container-filters.ts';
import { profileReferences } from '../core/uses/pod-references.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Change } from '../kube/reflector.ts';

/** A core/v1 Pod, as far as it is read. */
export interface Pod extends KubeObject, PodContainers {
  spec?: PodContainers['spec'] & { nodeName?: string };
  status?: PodContainers['status'] & {
    phase?: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
    ephemeralContainerStatuses?: ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly containerID?: string;
  readonly state?: { readonly running?: { readonly startedAt?: string } };
}

/** What is kept of a Pod that refers to a profile: nothing of its specification. */
export interface PodUse {
  /** `namespace/name`. */
  readonly pod: string;
  readonly uid: string;
  /** By which its node names its cgroup: a static Pod has been there before its mirror in the API. */
  readonly nodeUid: string;
  /** Empty until it is scheduled. */
  readonly node: string;
  /** Its containers have started. */
  readonly running: boolean;
  /** Its condition Ready. */
  readonly ready: boolean;
  /** Those that run, with the runtime's id. */
  readonly containers: readonly { readonly id: string; readonly startedAt: number }[];
  /** `localhostProfile` of each profile it refers to. */
  readonly files: readonly string[];
  readonly filters: readonly ContainerFilter[];
}

/** On the mirror of a static Pod (k8s.io/kubernetes, pkg/kubelet/types, `ConfigHashAnnotationKey`). */
const STATIC_UID = 'kubernetes.io/config.hash';

export function podUse(pod: Pod): PodUse {
  const { namespace = '', name, uid = '', annotations } = pod.metadata;
  return {
    pod: `${namespace}/${name}`,
    uid,
    nodeUid: annotations?.[STATIC_UID] ?? uid,
    node: pod.spec?.nodeName ?? '',
    running: pod.status?.phase === 'Running',
    ready: pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    containers: statusesOf(pod).flatMap(runs),
    files: profileReferences(pod),
    filters: containerFilters(pod),
  };
}

const statusesOf = ({ status = {} }: Pod): ContainerStatus[] => [
  ...(status.initContainerStatuses ?? []),
  ...(status.containerStatuses ?? []),
  ...(status.ephemeralContainerStatuses ?? []),
];

function runs({ containerID = '', state }: ContainerStatus): PodUse['containers'] {
  const startedAt = Date.parse(state?.running?.startedAt ?? '');
  // `containerd://<id>`
  return Number.isNaN(startedAt) ? [] : [{ id: containerID.replace(/^.*:\/\//, ''), startedAt }];
}

/** False for a Pod that refers to none of our files: the operator keeps no memory of it. */
export const usesProfiles = (pod: Pod): boolean => profileReferences(pod).length > 0;

/** Pods that have ended need no profile any more, and are not sent. */
export const UNFINISHED_PODS = 'status.phase!=Succeeded,status.phase!=Failed';

/** Which Pods refer to which profile. */
export class PodUses {
  readonly #byFile = new Map<string, Map<string, PodUse>>();

  /** The profiles' files whose users changed. */
  changed({ item, previous }: Change<Pod, PodUse>): string[] {
    for (const file of previous?.files ?? []) this.#remove(file, previous as PodUse);
    for (const file of item?.files ?? []) this.#add(file, item as PodUse);
    return [...new Set([...(previous?.files ?? []), ...(item?.files ?? [])])];
  }

  of(profile: string): Iterable<PodUse> {
    return this.#byFile.get(localhostProfile(profile))?.values() ?? [];
  }

  count(profile: string): number {
    return this.#byFile.get(localhostProfile(profile))?.size ?? 0;
  }

  /** The first names in order, for a message; never more than asked for. */
  names(profile: string, most: number): string[] {
    return [...this.of(profile)]
      .map(use => use.pod)
      .sort()
      .slice(0, most);
  }

  #add(file: string, use: PodUse): void {
    const users = this.#byFile.get(file) ?? new Map<string, PodUse>();
    users.set(use.pod, use);
    this.#byFile.set(file, users);
  }

  #remove(file: string, { pod }: PodUse): void {
    const users = this.#byFile.get(file);
    users?.delete(pod);
    if (users?.size === 0) this.#byFile.delete(file);
  }
}
