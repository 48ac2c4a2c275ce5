import { type Labels, readLabels } from '../core/fleet/place.ts';
import { RENDERED_LABEL } from '../core/names.ts';
import { isProfileFileName, profileFileName } from '../core/profile/file-name.ts';
import { loadProblem } from '../core/profile/loadable.ts';
import { profileOfRendered } from '../core/profile/rendered-name.ts';
import { pickKey, readTable, TABLE_KEY } from '../core/rollout/files.ts';
import type { KubeObject } from '../kube/objects.ts';

/** A ConfigMap of the operator's. */
export interface RenderedConfigMap extends KubeObject {
  data?: Record<string, string>;
}

/** What is kept of one in memory: never its text. */
export interface Wanted {
  readonly profile: string;
  readonly fileName: string;
  readonly configMap: string;
  /** Not all nodes hold the same: it takes the node's labels to tell which file is its own. */
  readonly differs: boolean;
}

/** What the node is told of itself. */
export interface Place {
  readonly labels: Labels;
}

export const isPlace = (item: Wanted | Place | undefined): item is Place => item !== undefined && 'labels' in item;

export interface Unusable {
  readonly reason: string;
  readonly message: string;
}

/** False for what carries our label under another name: it is somebody else's. */
export const isOurs = ({ metadata: { name, labels } }: RenderedConfigMap): boolean =>
  labels?.[RENDERED_LABEL] !== 'true' || profileOfRendered(name) !== undefined;

export function wanted({ metadata, data }: RenderedConfigMap): Wanted | Place {
  if (metadata.labels?.[RENDERED_LABEL] !== 'true') return { labels: readLabels(data) };
  const profile = profileOfRendered(metadata.name) ?? '';
  const differs = data?.[TABLE_KEY] !== undefined;
  return { profile, fileName: profileFileName(profile), configMap: metadata.name, differs };
}

/** The text for this node, checked once more: whoever can write ConfigMaps here must not reach other files. */
export function textFor(
  architecture: string,
  labels: Labels,
  { fileName }: Wanted,
  { data = {} }: RenderedConfigMap,
): string | Unusable {
  if (!isProfileFileName(fileName)) {
    return {
      reason: 'InvalidName',
      message: `${JSON.stringify(fileName.slice(0, 80))} is no name for a profile's file`,
    };
  }
  let key: string | undefined;
  try {
    key = pickKey(Object.keys(data), readTable(data[TABLE_KEY]), architecture, labels);
  } catch (error) {
    return altered(`${TABLE_KEY}: ${(error as Error).message}`);
  }
  const text = key === undefined ? undefined : data[key];
  if (text === undefined) {
    return {
      reason: 'NoVariant',
      message: `not rendered for ${architecture} yet: the operator does that once it sees the node`,
    };
  }
  const problem = loadProblem(text);
  return problem ? altered(problem) : text;
}

function altered(problem: string): Unusable {
  return {
    reason: 'InvalidContent',
    message: `the rendered profile is refused: ${problem}. Was its ConfigMap altered?`,
  };
}
