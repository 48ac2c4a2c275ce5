import { PROFILE_ANNOTATION } from '../core/names.ts';
import { isProfileFileName, profileFileName } from '../core/profile/file-name.ts';
import { loadProblem } from '../core/profile/loadable.ts';
import { pickVariantKey } from '../core/profile/variants.ts';
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
}

export interface Unusable {
  readonly reason: string;
  readonly message: string;
}

export function wanted({ metadata }: RenderedConfigMap): Wanted {
  const profile = metadata.annotations?.[PROFILE_ANNOTATION] ?? '';
  return { profile, fileName: profileFileName(profile), configMap: metadata.name };
}

/** The text for this node, checked once more: whoever can write ConfigMaps here must not reach other files. */
export function textFor(
  architecture: string,
  { fileName }: Wanted,
  { data = {} }: RenderedConfigMap,
): string | Unusable {
  if (!isProfileFileName(fileName)) {
    return {
      reason: 'InvalidName',
      message: `${JSON.stringify(fileName.slice(0, 80))} is no name for a profile's file`,
    };
  }
  const key = pickVariantKey(Object.keys(data), architecture);
  const text = key === undefined ? undefined : data[key];
  if (text === undefined) {
    return {
      reason: 'NoVariant',
      message: `not rendered for ${architecture} yet: the operator does that once it sees the node`,
    };
  }
  const problem = loadProblem(text);
  if (!problem) return text;
  return {
    reason: 'InvalidContent',
    message: `the rendered profile is refused: ${problem}. Was its ConfigMap altered?`,
  };
}
