import { createHash } from 'node:crypto';
import { RENDERED_LABEL } from '../names.ts';

/**
 * What a node is told of itself: those of its labels that rollouts select nodes by. An agent may not read Nodes, so the
 * operator writes them into a ConfigMap beside the rendered profiles, where there are any; the agent gets it in the one watch
 * that it has, in one order with the profiles. See docs/decisions/0010-rollouts.md.
 */
export type Labels = Readonly<Record<string, string>>;

/** Key of that ConfigMap's data. */
export const LABELS_KEY = 'labels.json';

/** Values of labels have at most 63 characters (k8s.io/apimachinery/pkg/util/validation), names of nodes may have more. */
const MAX_LENGTH = 63;

/** Name of the node's ConfigMap, and the value of its label: no profile has it, whose value is `true`. */
export function placeName(node: string): string {
  const name = `node-${node}`;
  return name.length <= MAX_LENGTH ? name : `node-${createHash('sha256').update(node).digest('hex').slice(0, 40)}`;
}

/** What the agent of a node lists and watches: all profiles, and what its own node is told. */
export const selectorFor = (node: string): string => `${RENDERED_LABEL} in (true,${placeName(node)})`;

/** Those of a node's labels that somebody selects by. */
export function selectedLabels(labels: Labels, keys: ReadonlySet<string>): Labels {
  const found = Object.entries(labels).filter(([key]) => keys.has(key));
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Reads them from the ConfigMap; none where somebody else wrote there what cannot be read. */
export function readLabels(data: Readonly<Record<string, string>> | undefined): Labels {
  try {
    const labels: unknown = JSON.parse(data?.[LABELS_KEY] ?? '{}');
    if (typeof labels !== 'object' || labels === null) return {};
    return Object.fromEntries(Object.entries(labels).filter(([, value]) => typeof value === 'string'));
  } catch {
    return {};
  }
}
