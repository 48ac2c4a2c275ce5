import type { NodeInfo } from '../core/fleet/eligible.ts';
import { LABELS_KEY, type Labels, placeName, readLabels } from '../core/fleet/place.ts';
import { NODE_ANNOTATION, RENDERED_LABEL, SINCE_ANNOTATION } from '../core/names.ts';
import { profileOfRendered } from '../core/profile/rendered-name.ts';
import type { ConfigMap } from './rendered-configmap.ts';

/** What the operator keeps of the ConfigMap that tells a node of its labels. */
export interface PlaceRef {
  readonly node: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: Labels;
  /** Since when each label has its value, as RFC 3339. */
  readonly since: Labels;
}

export const isPlace = ({ metadata }: ConfigMap): boolean => metadata.labels?.[RENDERED_LABEL] !== 'true';

/** Whether the object is what its name says: others may carry our label and speak of the same profile or node. */
export function isOurs(object: ConfigMap): boolean {
  const { name, annotations } = object.metadata;
  return isPlace(object)
    ? name === placeName(annotations?.[NODE_ANNOTATION] ?? '')
    : profileOfRendered(name) !== undefined;
}

export function placeRef({ metadata, data }: ConfigMap): PlaceRef {
  return {
    node: metadata.annotations?.[NODE_ANNOTATION] ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    labels: readLabels(data),
    since: readLabels({ [LABELS_KEY]: metadata.annotations?.[SINCE_ANNOTATION] ?? '{}' }),
  };
}

/** Owned by its Node: it goes with it, also where no operator runs. */
export function placeConfigMap(namespace: string, { name, uid }: NodeInfo, labels: Labels, since: Labels): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: placeName(name),
      namespace,
      labels: { [RENDERED_LABEL]: placeName(name) },
      annotations: { [NODE_ANNOTATION]: name, [SINCE_ANNOTATION]: JSON.stringify(since) },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }],
    },
    data: { [LABELS_KEY]: JSON.stringify(labels) },
  };
}
