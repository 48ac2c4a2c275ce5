import { compareResourceVersions } from '../resource-version.ts';
import { type ExpectedBundle, type FleetNode, holdsOtherBundle } from './installation.ts';

/**
 * Nodes that may still hold a profile which is published no more, and can be waited for. Names are sorted.
 *
 * A node is done when it has applied everything up to `goneAt`, the removal of the rendered form, or when it holds exactly what
 * it should. That it could not remove the file is an answer too, which its own report tells. A node that cannot be reached, or
 * whose agent never reported, does not keep anybody waiting.
 */
export function leavingNodes(
  goneAt: string | undefined,
  nodes: Iterable<FleetNode>,
  expected: (node: FleetNode) => ExpectedBundle,
): string[] {
  const holds = (node: FleetNode): boolean => {
    const { resourceVersion, bundleDigest } = node.report;
    if (!node.reachable || resourceVersion === undefined) return false;
    // Another operator removed it: all there is to go by is the digest over the whole.
    if (goneAt === undefined) return holdsOtherBundle(node.report, expected(node));
    return compareResourceVersions(resourceVersion, goneAt) < 0 && bundleDigest !== expected(node).digest;
  };
  return [...nodes]
    .filter(holds)
    .map(({ name }) => name)
    .sort();
}
