import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../../../src/core/names.ts';
import { until } from '../../rig/until.ts';
import type { Told } from '../auditor/profile.ts';
import type { Stored } from '../system/api.ts';
import { PROFILES } from '../system/workload.ts';
import type { World } from '../system/world.ts';
import type { Fault, Scene } from './fault.ts';

const BASE = join(import.meta.dirname, '../../../manifests/base');
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${OPERATOR_NAMESPACE}/leases/seccomp-operator`;
const CONFIG_MAPS = `/api/v1/namespaces/${AGENT_NAMESPACE}/configmaps`;
const GUARD = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/seccomp-rendered-profiles';
const NODES = '/apis/seccomp-operator.dev/v1alpha1/seccompnodes';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export const CLUSTER_FAULTS: readonly Fault[] = [
  {
    kind: 'rendered ConfigMaps deleted by hand',
    share: 8,
    needs: 'API server',
    inject: async scene => {
      const names = scene.random.some(scene.ledger.enabled, 4).map(({ name }) => name);
      for (const name of names) {
        // An agent removes what is deleted, and gets it again a moment later.
        scene.auditor.tampering.profile(name);
        await scene.world.api.remove(`${CONFIG_MAPS}/profile-${name}`);
      }
      return { count: names.length, what: names.join(', ') };
    },
  },
  {
    kind: 'rendered ConfigMaps altered by hand',
    share: 8,
    needs: 'API server',
    inject: async ({ world, ledger, auditor, random }) => {
      const names = random.some(ledger.enabled, 4).map(({ name }) => name);
      let count = 0;
      // Admission lets nobody but the operator do that: a hand that does has taken the guard away.
      await world.api.remove(GUARD);
      for (const name of names) {
        auditor.tampering.profile(name);
        const path = `${CONFIG_MAPS}/profile-${name}`;
        const present = await world.api.find<{ data?: Record<string, string> }>(path);
        const [key] = Object.keys(present?.data ?? {});
        const text = random.pick(['{}', '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]}', 'no JSON', '']);
        if (!key) continue;
        await world.api.merge(path, { data: { [key]: text } }).then(
          () => count++,
          () => {},
        );
      }
      return { count, what: names.join(', ') };
    },
  },
  {
    kind: 'DaemonSet of the agents deleted by hand',
    share: 4,
    needs: 'API server',
    inject: async ({ world }) => {
      await world.api.remove(`/apis/apps/v1/namespaces/${AGENT_NAMESPACE}/daemonsets/seccomp-agent`);
      return { count: 1, what: '' };
    },
  },
  {
    kind: "nodes' reports deleted by hand",
    share: 5,
    needs: 'API server',
    inject: async ({ world, random }) => {
      const chosen = random.some(world.nodes);
      for (const { name } of chosen) await world.api.remove(`${NODES}/${name}`);
      return { count: chosen.length, what: chosen.map(({ name }) => name).join(', ') };
    },
  },
  {
    kind: 'Lease deleted by hand',
    share: 3,
    needs: 'API server',
    withinMs: 60_000,
    inject: async ({ world }) => {
      await world.api.remove(LEASE);
      return { count: 1, what: '' };
    },
  },
  {
    kind: 'Lease stolen: another holder written by hand',
    share: 1.5,
    needs: 'API server',
    withinMs: 60_000,
    inject: async ({ world }) => {
      await world.api.merge(LEASE, { spec: { holderIdentity: 'a-thief', leaseDurationSeconds: 3 } });
      return { count: 1, what: '' };
    },
  },
  {
    kind: 'CRD of the profiles deleted with all of them, then applied again',
    share: 1,
    alone: true,
    withinMs: 120_000,
    inject: async scene => {
      const { world, ledger, workload, auditor } = scene;
      await workload.pause();
      for (const node of world.nodes) auditor.tampering.directory(node.name);
      await world.api.remove(`${CRDS}/seccompprofiles.seccomp-operator.dev`);
      for (const entry of ledger.entries.values()) entry.state = 'gone';
      await until(
        'the CRD is gone',
        async () => !(await world.api.find(`${CRDS}/seccompprofiles.seccomp-operator.dev`)),
      );
      return { count: 1, what: '', end: () => reapply(scene) };
    },
  },
  {
    kind: "CRD of the nodes' reports deleted, then applied again",
    share: 1,
    alone: true,
    withinMs: 120_000,
    inject: async scene => {
      const { world } = scene;
      await world.api.remove(`${CRDS}/seccompnodes.seccomp-operator.dev`);
      await until('the CRD is gone', async () => !(await world.api.find(`${CRDS}/seccompnodes.seccomp-operator.dev`)));
      return { count: 1, what: '', end: () => reapply(scene) };
    },
  },
  {
    kind: "agents' namespace deleted by hand, then applied again",
    share: 1,
    alone: true,
    withinMs: 120_000,
    inject: async scene => {
      const { world, auditor } = scene;
      for (const node of world.nodes) auditor.tampering.directory(node.name);
      await deleteNamespace(world, AGENT_NAMESPACE);
      const end = async () => {
        await reapply(scene);
        for (const node of world.nodes) await world.giveToken(node);
      };
      return { count: 1, what: '', end };
    },
  },
  {
    kind: 'etcd restored from an older snapshot',
    share: 2,
    alone: true,
    takes: 'API server',
    withinMs: 120_000,
    inject: async scene => {
      const { world, ledger, workload, random } = scene;
      const snapshot = join(world.plane.directory, 'etcd-snapshot');
      await workload.pause();
      await world.plane.snapshot(snapshot);
      workload.resume();
      await sleep(random.between(500, 4_000));
      await workload.pause();
      ledger.isRewriting = true;
      await world.plane.restore(snapshot);
      await rm(snapshot, { recursive: true });
      const list = await world.api.insist('profiles are listed', () => world.api.get<{ items: Told[] }>(PROFILES));
      ledger.adopt(list.items);
      workload.resume();
      return { count: 1, what: '' };
    },
  },
  {
    kind: '410 by compaction: history gone while clients were away',
    share: 2,
    takes: 'API server',
    inject: async ({ world, random, workload }) => {
      const away = random.some(world.clients);
      const ends = away.map(({ link }) =>
        link.hinder((_, response) => {
          response.socket?.destroy();
          return true;
        }),
      );
      for (const { link } of away) link.proxy.cutWatches();
      for (let at = 0; at < 5; at++) await workload.change();
      await compact(world);
      await world.plane.restartApiserver();
      return {
        count: away.length,
        what: away.map(({ name }) => name).join(', '),
        end: () => {
          for (const end of ends) end();
        },
      };
    },
  },
];

/** Forgets all history up to now: etcd's own HTTP interface. */
async function compact({ plane, api }: World): Promise<void> {
  const { metadata } = await api.insist('profiles are listed', () => api.get<Stored>(PROFILES));
  const revision = metadata.resourceVersion;
  const answer = await fetch(`${plane.etcd}/v3/kv/compaction`, {
    method: 'POST',
    body: JSON.stringify({ revision }),
  });
  if (!answer.ok) throw new Error(`etcd refuses to compact: ${await answer.text()}`);
}

/** What an administrator does who sees what he has done. */
async function reapply({ world, workload }: Scene): Promise<void> {
  const { plane, api } = world;
  await workload.pause();
  await api.insist('the manifests are applied', () =>
    plane.kubectl(['apply', '--server-side', '--force-conflicts', '-k', BASE]),
  );
  await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  await workload.begin();
}

/** As the namespace controller does, which does not run here: all that is in it, then the namespace. */
async function deleteNamespace({ api }: World, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${name}`;
  const namespaced = (group: string) => `${group}/namespaces/${name}`;
  await api.remove(path);
  for (const plural of ['pods', 'serviceaccounts', 'configmaps'])
    await api.remove(`${namespaced('/api/v1')}/${plural}`, { gracePeriodSeconds: 0 });
  await api.remove(`${namespaced('/apis/apps/v1')}/daemonsets`);
  for (const plural of ['rolebindings', 'roles'])
    await api.remove(`${namespaced('/apis/rbac.authorization.k8s.io/v1')}/${plural}`);
  await until('the namespace is gone', async () => {
    const present = await api.find<{ spec: object }>(path);
    if (present) await api.call('PUT', `${path}/finalize`, { ...present, spec: { finalizers: [] } }).catch(() => {});
    return !present;
  });
}
