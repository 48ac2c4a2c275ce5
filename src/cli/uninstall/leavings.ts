import type { SeccompProfile } from '../../core/api/seccomp-profile.ts';
import type { NodeObject } from '../../core/fleet/node-info.ts';
import { isTainted } from '../../core/fleet/startup-taint.ts';
import { PROFILE_FINALIZER, RENDERED_SELECTOR, STARTUP_TAINT } from '../../core/names.ts';
import { INSTALLED_OBJECTS } from '../../core/uninstall/installed-objects.ts';
import { listEach } from '../../kube/list.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { Transport } from '../../kube/transport.ts';
import { find, orNothing, remove } from './api.ts';
import { listProfiles, PATHS } from './installation.ts';
import { forgetLostPods } from './nodes.ts';
import { waitFor } from './wait.ts';

const MERGE = 'application/merge-patch+json';

/** Nobody is left who would take our finalizer off. Other ones stay: they are somebody else's to take off. */
export async function releaseProfiles(transport: Transport): Promise<number> {
  const profiles = await listProfiles(transport);
  for (const { metadata } of profiles) {
    const { name, resourceVersion, finalizers = [] } = metadata;
    if (!finalizers.includes(PROFILE_FINALIZER)) continue;
    const others = finalizers.filter(each => each !== PROFILE_FINALIZER);
    const body = { metadata: { resourceVersion, finalizers: others } };
    await orNothing(transport.request('PATCH', `${PATHS.profiles}/${name}`, { contentType: MERGE, body }));
  }
  return profiles.length;
}

/** What profiles and nodes say was true of files that are gone: nobody is left who would correct it. */
export async function forgetReports(transport: Transport): Promise<void> {
  for (const { metadata } of await listProfiles(transport)) {
    const path = `${PATHS.profiles}/${metadata.name}/status`;
    await orNothing(transport.request('PATCH', path, { contentType: MERGE, body: { status: null } }));
  }
  await orNothing(transport.request('DELETE', PATHS.reports));
}

export async function removeProfiles(transport: Transport): Promise<void> {
  for (const { metadata } of await listProfiles(transport))
    await remove(transport, `${PATHS.profiles}/${metadata.name}`);
}

export async function removeRendered(transport: Transport): Promise<void> {
  await orNothing(transport.request('DELETE', PATHS.configMaps, { query: { labelSelector: RENDERED_SELECTOR } }));
}

/** The names of the nodes that had a startup taint of ours: its usual key, and the one that was configured. */
export async function removeTaints(transport: Transport, configured: string): Promise<string[]> {
  const keys = [STARTUP_TAINT, configured];
  const isOurs = (taints: readonly { key: string; effect: string }[]) => keys.some(key => isTainted(taints, key));
  const tainted = await listEach(transport, PATHS.nodes, (node: NodeObject) =>
    isOurs(node.spec?.taints ?? []) ? [node] : [],
  );
  for (const { metadata, spec } of tainted) {
    const { name, resourceVersion } = metadata;
    const taints = (spec?.taints ?? []).filter(({ key }) => !keys.includes(key));
    const body = { metadata: { resourceVersion }, spec: { taints } };
    await orNothing(transport.request('PATCH', `${PATHS.nodes}/${name}`, { contentType: MERGE, body }));
  }
  return tainted.map(({ metadata }) => metadata.name);
}

/** Removes what is outside our namespaces, and these; gives what is still there at the end, with what holds it. */
export async function removeInstalled(
  transport: Transport,
  stays: (path: string) => boolean,
  deadline: number,
  tell: (left: readonly string[]) => void,
): Promise<readonly string[]> {
  const paths = INSTALLED_OBJECTS.filter(path => !stays(path));
  for (const path of paths) await remove(transport, path);
  const ending = paths.includes(PATHS.agentNamespace) ? [PATHS.agentPods] : [];
  const look = async () => {
    await forgetLostPods(transport, [PATHS.operatorPods, ...ending]);
    return present(transport, paths);
  };
  return waitFor(look, deadline, tell);
}

async function present(transport: Transport, paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map(path => find<Held>(transport, path)));
  const left = found.filter(each => each !== undefined).map(describe);
  return left.length ? [...left, ...(await heldProfiles(transport))] : [];
}

interface Held extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly status: string; readonly message?: string }[] };
}

/** A namespace says in its conditions what is still in it. */
function describe({ kind, metadata, status }: Held): string {
  const why = kind === 'Namespace' ? status?.conditions?.filter(each => each.status === 'True').at(-1)?.message : '';
  return `${kind} ${metadata.name}${why ? ` (${why})` : ''}`;
}

async function heldProfiles(transport: Transport): Promise<string[]> {
  const describeHolder = ({ metadata }: SeccompProfile) =>
    metadata.finalizers?.length ? [`SeccompProfile ${metadata.name} (finalizer ${metadata.finalizers.join()})`] : [];
  return (await listProfiles(transport)).flatMap(describeHolder);
}
