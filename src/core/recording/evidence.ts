import type { SeccompRecordingStatus } from '../api/seccomp-recording.ts';
import { counted } from '../status/name-list.ts';
import type { NodeViolations } from '../violations/report.ts';
import type { Times } from './state.ts';

export type FollowedNode = NonNullable<SeccompRecordingStatus['nodes']>[number];
export type Evidence = NonNullable<SeccompRecordingStatus['evidence']>;
type Report = Pick<NodeViolations, 'since' | 'lost' | 'unattributed'>;

/** Bound of `status.nodes`. */
const MAX_NODES = 128;

/** A node where recorded Pods run. */
export interface SeenNode {
  readonly name: string;
  readonly report: Report | undefined;
  /** When the first of its recorded containers started. */
  readonly firstStart: number;
}

/** What was missed on each node, with what its report says now. */
export function followNodes(before: readonly FollowedNode[], seen: readonly SeenNode[]): FollowedNode[] {
  const nodes = new Map(before.map(node => [node.name, node]));
  for (const { name, report, firstStart } of seen) {
    const known = nodes.get(name);
    if (report && known) nodes.set(name, goOn(known, report));
    else if (report && nodes.size < MAX_NODES) nodes.set(name, begin(name, report, firstStart));
  }
  return [...nodes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

export const isFull = (nodes: readonly FollowedNode[]): boolean => nodes.length >= MAX_NODES;

export function evidenceOf(nodes: readonly FollowedNode[], otherNodes: number): Evidence {
  const sum = (of: (node: FollowedNode) => number) => nodes.reduce((total, node) => total + of(node), 0);
  return {
    lost: sum(({ lost }) => lost),
    unattributed: sum(({ unattributed }) => unattributed),
    interruptions: sum(({ interruptions }) => interruptions),
    ...(otherNodes ? { otherNodes } : {}),
  };
}

export const isLossless = ({ lost, unattributed, interruptions, otherNodes = 0 }: Evidence): boolean =>
  lost + unattributed + interruptions + otherNodes === 0;

/** In words, without a full stop. */
export function evidenceText({ lost, unattributed, interruptions, otherNodes = 0 }: Evidence): string {
  const parts = [
    `${counted(lost, 'record')} lost`,
    `${unattributed} of no known container`,
    counted(interruptions, 'interruption'),
    ...(otherNodes ? [`${counted(otherNodes, 'node')} not followed`] : []),
  ];
  return parts.join(', ');
}

/** What a profile rests on, for whoever decides on enforcing it. */
export function basisText(calls: number, { startTime, endTime }: Times, nodes: number, evidence: Evidence): string {
  return `${counted(calls, 'call')} recorded from ${startTime} to ${endTime} on ${counted(nodes, 'node')}: ${evidenceText(evidence)}`;
}

/** What was lost before is not ours; what a container did before counting began was not seen. */
function begin(name: string, { since, lost, unattributed }: Report, firstStart: number): FollowedNode {
  return {
    name,
    since,
    lost: 0,
    unattributed: 0,
    interruptions: firstStart < Date.parse(since) ? 1 : 0,
    reportedLost: lost,
    reportedUnattributed: unattributed,
  };
}

/** A count that began anew is all new, and in between nothing was counted. */
function goOn(node: FollowedNode, { since, lost, unattributed }: Report): FollowedNode {
  const isSame = since === node.since;
  return {
    ...node,
    since,
    lost: node.lost + Math.max(0, lost - (isSame ? node.reportedLost : 0)),
    unattributed: node.unattributed + Math.max(0, unattributed - (isSame ? node.reportedUnattributed : 0)),
    interruptions: node.interruptions + (isSame ? 0 : 1),
    reportedLost: lost,
    reportedUnattributed: unattributed,
  };
}
