import { ownFiles, type PodSecurity, type SecurityContext } from './pod-references.ts';

/** A container that runs, or ran a moment ago, under one of our files. */
export interface ContainerFilter {
  readonly container: string;
  /** `localhostProfile`; undefined when it has another profile, or none. */
  readonly file: string | undefined;
  /** The runtime's ids of it, without the runtime's name; none before it was created. */
  readonly ids: readonly string[];
}

interface ContainerStatus {
  readonly name: string;
  /** `containerd://<id>`. */
  readonly containerID?: string;
  readonly lastState?: { readonly terminated?: { readonly containerID?: string } };
}

/** The part of a core/v1 Pod that says which container is which. */
export interface PodContainers extends PodSecurity {
  readonly status?: {
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
  };
}

/** A container's own setting takes the place of the Pod's, whatever type it has. */
export function containerFilters({ spec, status }: PodContainers): ContainerFilter[] {
  const statuses = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  const containers = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
  return containers.map(({ name = '', securityContext }) => ({
    container: name,
    file: fileOf(securityContext) ?? (securityContext?.seccompProfile ? undefined : fileOf(spec?.securityContext)),
    ids: statuses.filter(each => each.name === name).flatMap(idsOf),
  }));
}

/** Which filter a container has, by the runtime's id of it. */
export interface FoundFilter {
  /** Undefined where it may be one of several. */
  readonly container: string | undefined;
  readonly file: string | undefined;
}

/**
 * The filter of the container with this id. An id that no status has belongs to a container that has started a moment ago, or
 * to the sandbox, which has the Pod's own profile: then it is what all that come into question have; undefined where they differ.
 */
export function filterOf(filters: readonly ContainerFilter[], id: string): FoundFilter | undefined {
  const known = filters.find(({ ids }) => ids.includes(id));
  if (known) return known;
  const waiting = filters.filter(({ ids }) => ids.length === 0);
  const [first, ...others] = waiting.length ? waiting : filters;
  if (!first || others.some(({ file }) => file !== first.file)) return undefined;
  return { container: others.length ? undefined : first.container, file: first.file };
}

const fileOf = (context: SecurityContext | undefined): string | undefined => ownFiles(context)[0];

function idsOf({ containerID, lastState }: ContainerStatus): string[] {
  return [containerID, lastState?.terminated?.containerID].flatMap(each =>
    each ? [each.replace(/^.*:\/\//, '')] : [],
  );
}
