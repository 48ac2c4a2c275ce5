import { PROFILE_DIRECTORY } from '../names.ts';

export interface SecurityContext {
  readonly seccompProfile?: { readonly type?: string; readonly localhostProfile?: string };
}

export interface Container {
  readonly name?: string;
  readonly securityContext?: SecurityContext;
}

/** The part of a core/v1 Pod that says which seccomp profiles its containers run under. */
export interface PodSecurity {
  readonly spec?: {
    readonly securityContext?: SecurityContext;
    /** Sidecars are among these: init containers that restart (KEP-753). */
    readonly initContainers?: readonly Container[];
    readonly containers?: readonly Container[];
    readonly ephemeralContainers?: readonly Container[];
  };
}

/**
 * The files in our directory that a Pod refers to, as `localhostProfile` of ours is written (`operator/NAME.json`). The
 * Pod's own setting counts also where every container has another one: containers added later fall back to it.
 */
export function profileReferences({ spec }: PodSecurity): string[] {
  const holders = [
    spec,
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
  const files = holders.flatMap(holder => ownFiles(holder?.securityContext));
  return [...new Set(files)];
}

/** The kubelet joins the path to its seccomp root (`filepath.Join`), so `operator//a.json` is the same file. */
export function ownFiles(context: SecurityContext | undefined): string[] {
  const { type, localhostProfile = '' } = context?.seccompProfile ?? {};
  if (type !== 'Localhost') return [];
  const path = localhostProfile.split('/').filter(part => part !== '' && part !== '.');
  return path[0] === PROFILE_DIRECTORY && path.length > 1 ? [path.join('/')] : [];
}
