import { isDeepStrictEqual } from 'node:util';
import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import { ROLLOUT_ANNOTATION } from '../core/names.ts';
import { READ_ANNOTATIONS } from '../core/recording/ownership.ts';

export const isDeleted = ({ metadata }: SeccompProfile): boolean => metadata.deletionTimestamp !== undefined;

/** Whether a change concerns what is to be rendered. An etcd that was restored gives the same generation to another spec. */
export function isSameSpec(one: SeccompProfile, other: SeccompProfile): boolean {
  const [{ metadata: a }, { metadata: b }] = [one, other];
  // One that is gained is that of ours, or is no business of ours.
  const sameFinalizers = (b.finalizers ?? []).every(each => a.finalizers?.includes(each));
  const sameRequest = a.annotations?.[ROLLOUT_ANNOTATION] === b.annotations?.[ROLLOUT_ANNOTATION];
  const sameLife = a.uid === b.uid && a.deletionTimestamp === b.deletionTimestamp;
  const sameText = a.generation === b.generation && isDeepStrictEqual(one.spec, other.spec);
  return sameLife && sameText && sameFinalizers && sameRequest;
}

/** Who changed what, and what kubectl applied last, can be larger than all the rest. */
export function withoutBallast(profile: SeccompProfile): SeccompProfile {
  const {
    managedFields: _,
    annotations,
    ...metadata
  } = profile.metadata as SeccompProfile['metadata'] & { managedFields?: unknown };
  const read = [ROLLOUT_ANNOTATION, ...READ_ANNOTATIONS];
  const kept = Object.entries(annotations ?? {}).filter(([key]) => read.includes(key));
  return { ...profile, metadata: { ...metadata, ...(kept.length ? { annotations: Object.fromEntries(kept) } : {}) } };
}
