import type { NodeFailure, NodeReport } from '../fleet/node-report.ts';
import { compareResourceVersions } from '../resource-version.ts';

/** A node that should hold the profiles, as the truth rule sees it. */
export interface FleetNode {
  readonly name: string;
  readonly architecture: string;
  /** Its kubelet is heard. A node that is not does not hold Ready back. */
  readonly reachable: boolean;
  readonly report: NodeReport;
}

/** What a node should hold, as far as the operator has seen the rendered ConfigMaps. */
export interface ExpectedBundle {
  /** Over all profiles, so computed only where it is read. */
  readonly digest: string;
  /** resourceVersion of the newest change that concerns it. */
  readonly changedAt: string;
  /** The operator has seen every change up to this resourceVersion. */
  readonly seenTo: string;
}

/** Where one profile stands on all nodes. Names are sorted. */
export interface Installation {
  readonly desired: number;
  readonly installed: number;
  readonly failed: readonly ({ readonly node: string } & NodeFailure)[];
  readonly behind: readonly string[];
  readonly unreachable: readonly string[];
}

/**
 * The truth rule: a profile that was changed last at resourceVersion r (its rendered ConfigMap, or in a rollout what the node
 * is told of its labels) is installed on a node when the node has
 * applied and verified everything up to r and does not list the profile among its failures. Resource versions of one
 * resource are comparable (KEP-5504).
 */
export function installationOf(
  profile: string,
  published: (node: string) => string,
  nodes: Iterable<FleetNode>,
  expected: (node: FleetNode) => ExpectedBundle,
): Installation {
  const failed: ({ node: string } & NodeFailure)[] = [];
  const behind: string[] = [];
  const unreachable: string[] = [];
  let desired = 0;
  let installed = 0;
  for (const node of nodes) {
    desired++;
    const state = stateOn(node, profile, published, expected);
    if (state === 'installed') installed++;
    else if (!node.reachable) unreachable.push(node.name);
    else if (state === 'behind') behind.push(node.name);
    else failed.push({ node: node.name, ...state });
  }
  behind.sort();
  unreachable.sort();
  failed.sort((a, b) => (a.node < b.node ? -1 : 1));
  return { desired, installed, failed, behind, unreachable };
}

function stateOn(
  node: FleetNode,
  profile: string,
  published: (node: string) => string,
  expected: (node: FleetNode) => ExpectedBundle,
): 'installed' | 'behind' | NodeFailure {
  const { report } = node;
  if (report.resourceVersion === undefined) return report.trouble ?? 'behind';
  if (compareResourceVersions(report.resourceVersion, published(node.name)) < 0) return 'behind';
  const failure = report.failures.get(profile) ?? report.trouble;
  if (failure) return failure;
  return holdsOtherBundle(report, expected(node)) ? OTHER_BUNDLE : 'installed';
}

const OTHER_BUNDLE: NodeFailure = {
  reason: 'BundleMismatch',
  message:
    'what its agent reports as installed differs from what the operator rendered; the agent lists all profiles anew within the hour, or at once when its Pod is restarted',
};

/**
 * Compares digests where both sides speak of the same moment: the operator has seen all changes up to the report's
 * resourceVersion, and none after it. This is what finds an event that was lost, or an etcd that was restored.
 */
export function holdsOtherBundle(report: NodeReport, expected: ExpectedBundle): boolean {
  const at = report.resourceVersion;
  const comparable =
    at !== undefined &&
    report.failures.size === 0 &&
    compareResourceVersions(expected.changedAt, at) <= 0 &&
    compareResourceVersions(at, expected.seenTo) <= 0;
  return comparable && report.bundleDigest !== expected.digest;
}

/** It can be reached, nothing stands in its way, and it has not yet applied everything. */
export function isOnItsWay({ reachable, report }: FleetNode, { changedAt }: ExpectedBundle): boolean {
  const { trouble, resourceVersion } = report;
  return reachable && !trouble && compareResourceVersions(resourceVersion ?? '0', changedAt) < 0;
}
