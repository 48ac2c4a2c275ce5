import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { SeccompProfile } from '../../src/core/api/seccomp-profile.ts';
import { GROUP, PROFILE_PLURAL, VERSION } from '../../src/core/names.ts';
import { kubeconfigCredentials } from '../../src/kube/kubeconfig.ts';
import { Transport } from '../../src/kube/transport.ts';
import type { ControlPlane } from '../../test/rig/control-plane.ts';
import { until } from '../../test/rig/until.ts';

export const PROFILES_PATH = `/apis/${GROUP}/${VERSION}/${PROFILE_PLURAL}`;

const SEED = join(import.meta.dirname, '..', '..', 'examples', 'seed.yaml');

export async function adminTransport(plane: ControlPlane): Promise<Transport> {
  const credentials = await kubeconfigCredentials(plane.kubeconfig);
  return new Transport({ credentials, userAgent: 'seccomp-operator-bench' });
}

/** Copies of the seed example, a profile of ordinary size, under names of their own. */
export async function profiles(count: number, prefix = 'bench'): Promise<SeccompProfile[]> {
  const seed = parse(await readFile(SEED, 'utf8')) as SeccompProfile;
  return Array.from({ length: count }, (_, i) => ({ ...seed, metadata: { name: `${prefix}-${i}` } }));
}

/** Another errno each time: other bytes on the disk. */
export const edited = (profile: SeccompProfile, at: number): SeccompProfile => ({
  ...profile,
  spec: { ...profile.spec, defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: (at % 133) + 1 },
});

/** What `kubectl apply --server-side` sends. */
export async function apply(transport: Transport, profile: SeccompProfile): Promise<void> {
  await transport.request('PATCH', `${PROFILES_PATH}/${profile.metadata.name}`, {
    query: { fieldManager: 'bench' },
    contentType: 'application/apply-patch+yaml',
    body: profile,
  });
}

/** Applies all of them and waits until the status of each is true of every node. */
export async function applyAll(transport: Transport, all: readonly SeccompProfile[]): Promise<void> {
  for (const profile of all) await apply(transport, profile);
  await until(`${all.length} profiles are Ready`, () => areReady(transport), { timeoutMs: 300_000, everyMs: 500 });
}

/** Whether the status of every profile is true of every node. */
export async function areReady(transport: Transport): Promise<boolean> {
  const { items } = await transport.request<{ items: SeccompProfile[] }>('GET', PROFILES_PATH, { timeoutMs: 60_000 });
  return items.every(isReady);
}

/** Whether Ready is True for the newest generation. */
export function isReady({ metadata, status }: SeccompProfile): boolean {
  const condition = status?.conditions?.find(each => each.type === 'Ready');
  return condition?.status === 'True' && condition.observedGeneration === metadata.generation;
}
