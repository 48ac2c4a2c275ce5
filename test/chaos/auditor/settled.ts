import { AGENT_NAMESPACE, OPERATOR_NAMESPACE } from '../../../src/core/names.ts';
import type { Entry, Ledger } from '../system/ledger.ts';
import { partOf, versionOf } from '../system/specs.ts';
import { PROFILES } from '../system/workload.ts';
import type { ChaosNode, World } from '../system/world.ts';
import type { Files } from './files.ts';
import { readyOf, type Told, type ToldNode } from './profile.ts';

const NODES = '/apis/seccomp-operator.dev/v1alpha1/seccompnodes';

/** Everything that is not as the ledger says; nothing when all is settled. */
export async function unsettled(world: World, ledger: Ledger, files: Files): Promise<string[]> {
  const { items: profiles } = await world.api.get<{ items: Told[] }>(PROFILES);
  const { items: nodes } = await world.api.get<{ items: ToldNode[] }>(NODES);
  const told = new Map(profiles.map(each => [each.metadata.name, each]));
  const entries = [...ledger.entries.values()];
  return [
    ...entries.flatMap(entry => statusProblems(entry, told.get(entry.name))),
    ...[...told.keys()].filter(name => !ledger.entries.has(name)).map(name => `${name} should not exist`),
    ...world.nodes.flatMap(node => [
      ...fileProblems(node, ledger, files, told),
      ...reportProblems(
        node,
        ledger,
        nodes.find(each => each.metadata.name === node.name),
      ),
    ]),
    ...(await objectProblems(world, ledger)),
  ];
}

function statusProblems(entry: Entry, told: Told | undefined): string[] {
  const { name, state, version } = entry;
  if (state === 'gone') return told ? [`${name} is deleted, and still there`] : [];
  if (!told) return [`${name} is lost`];
  const stored = versionOf(told.spec, partOf(name));
  if (stored !== version) return [`${name} is version ${stored}, applied was ${version}`];
  const ready = readyOf(told);
  const isRight = state === 'disabled' ? ready?.reason === 'Disabled' : ready?.status === 'True';
  if (!isRight) return [`${name}: ${ready ? `${ready.reason}: ${ready.message}` : 'no Ready of this generation'}`];
  return told.status?.observedGeneration === told.metadata.generation ? [] : [`${name}: status of another generation`];
}

function fileProblems(node: ChaosNode, ledger: Ledger, files: Files, told: ReadonlyMap<string, Told>): string[] {
  const wanted = new Set(ledger.enabled.map(({ name }) => `${name}.json`));
  const names = files.names(node.files);
  const others = names.filter(name => name !== '.installed' && !wanted.has(name));
  const copies = files.names(`${node.files}/.installed`);
  const unmatched = [...new Set(copies).symmetricDifference(wanted)];
  return [
    ...others.map(name => `${node.name} has ${name}`),
    ...unmatched.map(name => `${node.name}: the copy of ${name} is ${copies.includes(name) ? 'left' : 'missing'}`),
    ...ledger.enabled.flatMap(entry => {
      const look = files.look(node.files, entry);
      const isRight = look.is === 'version' && look.version === entry.version;
      if (isRight && look.digest === told.get(entry.name)?.status?.digest) return [];
      return [`${node.name}/${entry.name} should be version ${entry.version}: ${JSON.stringify(look)}`];
    }),
  ];
}

function reportProblems({ name }: ChaosNode, ledger: Ledger, told: ToldNode | undefined): string[] {
  if (!told) return [`${name} has no report`];
  const synced = told.status?.conditions?.find(({ type }) => type === 'Synced');
  if (synced?.status !== 'True') return [`${name} reports ${synced?.status}: ${synced?.message}`];
  const { profiles } = told.status?.bundle ?? {};
  return profiles === ledger.enabled.length ? [] : [`${name} reports ${profiles} profiles`];
}

/** What the operator keeps in the cluster, and that one of the replicas leads. */
async function objectProblems(world: World, ledger: Ledger): Promise<string[]> {
  const namespace = `/namespaces/${AGENT_NAMESPACE}`;
  const set = await world.api.find(`/apis/apps/v1${namespace}/daemonsets/seccomp-agent`);
  const { items } = await world.api.get<{ items: { metadata: { name: string } }[] }>(
    `/api/v1${namespace}/configmaps?labelSelector=seccomp-operator.dev/rendered%3Dtrue`,
  );
  const wanted = new Set(ledger.enabled.map(({ name }) => `profile-${name}`));
  const differing = [...new Set(items.map(({ metadata }) => metadata.name)).symmetricDifference(wanted)];
  return [
    ...(set ? [] : ['there is no DaemonSet']),
    ...differing.map(name => `ConfigMap ${name} is ${wanted.has(name) ? 'missing' : 'left'}`),
    ...((await world.leader()) ? [] : [`nobody leads in ${OPERATOR_NAMESPACE}`]),
    ...world.clients.filter(({ process }) => !process.isRunning).map(({ name }) => `${name} does not run`),
  ];
}
