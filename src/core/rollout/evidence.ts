import type { RolloutState } from '../api/seccomp-profile.ts';
import type { Labels } from '../fleet/place.ts';
import { nameList } from '../status/name-list.ts';
import { formFor, hasLabels, holdingAt } from './holding.ts';
import type { PlannedStage } from './plan.ts';

/** What the nodes and Pods show of the stage that a rollout is at. */
export interface Evidence {
  /** Every node that can be reached holds what it should at this stage; else who does not, in words. */
  readonly installed: true | string;
  /** Nodes that this stage selects and that hold its form. */
  readonly nodes: number;
  /** Pods on these: ready and started under it, and those still under an earlier form. */
  readonly pods: number;
  readonly outdatedPods: number;
  /** Violations are counted wherever such a Pod runs; else where they are not, in words. */
  readonly watched: true | string;
  /** By Pods under these rules, that are not in `evidence.violations` yet. */
  readonly newViolations: number;
  /** What the present reports hold of them. */
  readonly violationsInReports: number;
}

/** A node, as far as it is evidence. */
export interface SeenNode {
  readonly name: string;
  readonly labels: Labels;
  /** Since when it has each of these. */
  readonly since: Labels;
  /** It has reported that it holds what it should. */
  readonly isInstalled: boolean;
  /** Violations are counted there; else why not. */
  readonly watched: true | string;
  readonly records: readonly ViolationRecord[];
}

/** A call of one container that its filter logged or refused, and how often. */
export interface ViolationRecord {
  readonly podUID: string;
  readonly containerID: string;
  /** The call and what became of it. */
  readonly call: string;
  readonly count: number;
  readonly firstTime: string;
}

/** A Pod that refers to the profile. */
export interface SeenPod {
  readonly node: string;
  readonly ready: boolean;
  /** Containers that run under the profile. */
  readonly containers: readonly { readonly id: string; readonly startedAt: number }[];
}

/** The Pod of a container that has the profile, also of one that has ended a moment ago. */
export type UserOf = (node: string, podUID: string, containerID: string) => SeenPod | undefined;

export interface Seen {
  readonly nodes: number;
  readonly pods: number;
  readonly outdatedPods: number;
  readonly watched: true | string;
  /** Counts of violations under these rules, by container and call. */
  readonly violations: ReadonlyMap<string, number>;
}

/**
 * What nodes and Pods show of the stage that a rollout is at. A container keeps the filter that it was started with, so what
 * counts is when it started: after its node had the stage's form to be evidence of the stage, after its node had these rules
 * in some form for its violations to be violations of these. Times are those of the nodes' and the operator's clocks.
 */
export function seenOf(
  plan: readonly PlannedStage[],
  state: RolloutState,
  nodes: readonly SeenNode[],
  pods: Iterable<SeenPod>,
  userOf: UserOf,
): Seen {
  const stage = plan[state.stage - 1];
  const isOfStage = (node: SeenNode) => stage !== undefined && hasLabels(node.labels, stage.nodeSelector);
  const byName = new Map(nodes.map(node => [node.name, node]));
  const unwatched = new Map<string, string>();
  let current = 0;
  let outdated = 0;
  for (const pod of pods) {
    const node = byName.get(pod.node);
    if (!node) continue;
    if (!isOfStage(node) || pod.containers.length === 0) continue;
    const from = heldSince(state.installedAt, node, stage?.nodeSelector);
    if (!pod.containers.every(each => each.startedAt > from)) outdated++;
    else if (pod.ready) {
      current++;
      if (node.watched !== true) unwatched.set(node.name, node.watched);
    }
  }
  return {
    nodes: nodes.filter(node => node.isInstalled && isOfStage(node)).length,
    pods: current,
    outdatedPods: outdated,
    watched: unwatched.size === 0 || `on ${nameList([...unwatched].map(each => each.join(': ')))}`,
    violations: violationsOf(plan, state, nodes, userOf),
  };
}

/** Nothing is under a form that no node has yet. */
function heldSince(installedAt: string | undefined, { since }: SeenNode, nodeSelector: Labels | undefined): number {
  const labelled = Object.keys(nodeSelector ?? {}).map(key => Date.parse(since[key] ?? '') || 0);
  return Math.max(installedAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(installedAt), ...labelled);
}

function violationsOf(
  plan: readonly PlannedStage[],
  state: RolloutState,
  nodes: readonly SeenNode[],
  userOf: UserOf,
): Map<string, number> {
  const hasBefore = (state.before?.length ?? 0) > 0;
  const now = holdingAt(plan, state.stage, hasBefore);
  const earlier = holdingAt(plan, Math.max(0, state.stage - 1), hasBefore);
  const found = new Map<string, number>();
  for (const node of nodes) {
    if (formFor(now, node.labels) === 'Before') continue;
    const hadRules = formFor(earlier, node.labels) !== 'Before';
    const from = heldSince(hadRules ? state.rulesSince : state.installedAt, node, undefined);
    for (const { podUID, containerID, call, count, firstTime } of node.records) {
      const pod = userOf(node.name, podUID, containerID);
      if (!pod) continue;
      // A container that has gone since is judged by when it made the call.
      const startedAt = pod.containers.find(each => each.id === containerID)?.startedAt ?? Date.parse(firstTime);
      if (startedAt > from) found.set(`${containerID} ${call}`, count);
    }
  }
  return found;
}

/**
 * Counts what is new from one look to the next, exactly; and from the last look of another process by what the reports hold
 * now and held then.
 */
export class ViolationCount {
  #known: ReadonlyMap<string, number> | undefined;
  #new = 0;

  /** `inReports`: what the state says that reports held. */
  look(violations: ReadonlyMap<string, number>, inReports: number): { isNew: number; inReports: number } {
    const sum = total(violations);
    if (this.#known === undefined) this.#new = Math.max(0, sum - inReports);
    else for (const [key, count] of violations) this.#new += Math.max(0, count - (this.#known.get(key) ?? 0));
    this.#known = violations;
    return { isNew: this.#new, inReports: sum };
  }

  /** What was new has been written down. */
  written(): void {
    this.#new = 0;
  }
}

const total = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, each) => sum + each, 0);
