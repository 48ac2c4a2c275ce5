import type { DaemonSet } from '../../core/daemonset/template.ts';
import { nameList } from '../../core/status/name-list.ts';
import { type NodeProgress, nodeProgress } from '../../core/uninstall/node-progress.ts';
import type { Transport } from '../../kube/transport.ts';
import { type Installation, listNodes, listUsers, PATHS, readInstallation } from './installation.ts';
import {
  forgetReports,
  releaseProfiles,
  removeInstalled,
  removeProfiles,
  removeRendered,
  removeTaints,
} from './leavings.ts';
import { endRemoval, removalProgress, startRemoval, stopPrograms, whileNamespaceEnds } from './nodes.ts';
import { waitFor } from './wait.ts';

export interface Choices {
  /** Also while Pods use profiles. */
  readonly force: boolean;
  readonly dryRun: boolean;
  /** Do not wait for nodes that are not heard. */
  readonly leaveNodes: boolean;
  readonly nodesOnly: boolean;
  readonly image: string | undefined;
  readonly kubeletRoot: string | undefined;
  readonly timeoutMs: number;
}

export interface Uninstall {
  readonly transport: Transport;
  /** The agents' DaemonSet as the manifests have it. */
  readonly template: DaemonSet;
  readonly choices: Choices;
  readonly say: (line: string) => void;
}

/** How it ended. */
export interface Ending {
  readonly state: 'Unchanged' | 'NodesClean' | 'Uninstalled' | 'Halted';
  readonly message: string;
  /** Nodes whose kubelets are not heard: files stay there. */
  readonly notHeard: readonly string[];
}

/** It stopped here; the message says at what, and how to go on. Every step can be done again. */
class Halt extends Error {
  readonly notHeard: readonly string[];

  constructor(message: string, notHeard: readonly string[] = []) {
    super(message);
    this.notHeard = notHeard;
  }
}

/**
 * Files first, while there is something that can remove them; then what keeps objects from going (finalizers, taints); then
 * the objects. It needs neither operator nor agents, and begins anew where it was interrupted.
 */
export async function uninstall(task: Uninstall): Promise<Ending> {
  try {
    return await everyStep(task);
  } catch (error) {
    if (!(error instanceof Halt)) throw error;
    return { state: 'Halted', message: error.message, notHeard: error.notHeard };
  }
}

async function everyStep(task: Uninstall): Promise<Ending> {
  const { transport, choices, say } = task;
  const installation = await survey(task);
  if (choices.dryRun) return { state: 'Unchanged', message: 'nothing was changed: --dry-run', notHeard: [] };
  say('stopping the operator and the agents');
  await halted(stopPrograms(transport, deadline(choices), waitingFor(say)), 'these Pods do not end');
  const lost = await cleanNodes(task, installation);
  const tainted = await removeTaints(transport, installation.config.startupTaint);
  if (tainted.length) say(`startup taint removed from ${nameList(tainted)}; take it out of the node pools too`);
  await releaseProfiles(transport);
  const waits = lost.length > 0 && !choices.leaveNodes;
  if (!waits) await endRemoval(transport);
  if (choices.nodesOnly) await forgetReports(transport);
  else await removeObjects(task, waits);
  if (waits) throw new Halt(waitMessage(lost), lost);
  const state = choices.nodesOnly ? 'NodesClean' : 'Uninstalled';
  return { state, message: farewell(choices, lost, installation), notHeard: lost };
}

/** Says what is there; refuses while Pods use profiles, or where nothing says how to reach the nodes' files. */
async function survey({ transport, choices, say }: Uninstall): Promise<Installation> {
  const found = await readInstallation(transport);
  const { pending, unreachable } = nodeProgress(await listNodes(transport), [], '');
  const image = choices.image ?? found.image;
  const config = { ...found.config, kubeletRoot: choices.kubeletRoot ?? found.config.kubeletRoot };
  say(`nodes: ${pending.length} to clean below ${config.kubeletRoot}/seccomp, ${unreachable.length} not heard`);
  if (!image && pending.length + unreachable.length > 0)
    throw new Halt('neither agents nor operator are left to say from which image: name theirs with --image');
  const users = await listUsers(transport);
  if (users.length) say(`Pods that use profiles: ${nameList(users, 20)}`);
  if (users.length && !choices.force && !choices.dryRun)
    throw new Halt(
      'nothing was changed: containers of these Pods could not start again. Give them another profile, or use --force',
    );
  return { image, config };
}

/** The nodes that could not be cleaned, since their kubelets are not heard. */
async function cleanNodes({ transport, template, choices, say }: Uninstall, installation: Installation) {
  const end = deadline(choices);
  await removeRendered(transport);
  if (!installation.image) return [];
  await halted(whileNamespaceEnds(transport, end, waitingFor(say)), 'this does not end');
  const owner = await startRemoval(transport, template, installation);
  let progress: NodeProgress = { done: [], pending: [], unreachable: [] };
  const look = async () => {
    progress = await removalProgress(transport, owner);
    return progress.pending.map(({ node, why }) => `${node} (${why})`);
  };
  const tell = (left: readonly string[]) => say(`  ${progress.done.length} clean, waiting for ${nameList(left)}`);
  say('removing files from nodes');
  await halted(waitFor(look, end, tell), 'these nodes are not clean yet, and it goes on there');
  say(`  ${progress.done.length} clean`);
  return progress.unreachable;
}

async function removeObjects({ transport, choices, say }: Uninstall, waits: boolean): Promise<void> {
  say('removing profiles and everything else from the cluster');
  await removeProfiles(transport);
  const stays = (path: string) => waits && path === PATHS.agentNamespace;
  const left = removeInstalled(transport, stays, deadline(choices), waitingFor(say));
  await halted(left, 'these are not gone yet');
}

async function halted(waiting: Promise<readonly string[]>, what: string): Promise<void> {
  const left = await waiting;
  if (left.length)
    throw new Halt(`${what}: ${nameList(left, 20)}. See to it and run this again, it begins where it was`);
}

const deadline = ({ timeoutMs }: Choices): number => performance.now() + timeoutMs;

const waitingFor = (say: Uninstall['say']) => (left: readonly string[]) => say(`  waiting for ${nameList(left)}`);

const waitMessage = (lost: readonly string[]): string =>
  `${lost.length} nodes are not heard: ${nameList(lost, 20)}. The DaemonSet seccomp-operator-removal stays in the namespace ` +
  'seccomp-operator-agents and cleans them when they are back; run this again then. To end now and leave them: --leave-nodes';

function farewell({ nodesOnly }: Choices, lost: readonly string[], { config }: Installation): string {
  const done = nodesOnly ? 'nothing is left on nodes; profiles and the rest stay' : 'seccomp-operator is uninstalled';
  if (lost.length === 0) return done;
  const seccomp = `${config.kubeletRoot}/seccomp`;
  return `${done}. Left as they are: ${nameList(lost, 20)}. On each: rm -r ${seccomp}/operator ${seccomp}/seccomp-operator.dev`;
}
