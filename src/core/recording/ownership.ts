import type { SeccompProfile } from '../api/seccomp-profile.ts';
import { EVIDENCE_ANNOTATION, RECORDED_ANNOTATION, RECORDING_ANNOTATION } from '../names.ts';

/** The recording that made the profile. */
export const recordingOf = ({ metadata }: SeccompProfile): string | undefined =>
  metadata.annotations?.[RECORDING_ANNOTATION];

/** Since when the profile is no longer one that only logs, in milliseconds; undefined while it is, or was never. */
export function recordedAt({ metadata }: SeccompProfile): number | undefined {
  const text = metadata.annotations?.[RECORDED_ANNOTATION];
  return text === undefined ? undefined : Date.parse(text);
}

/** What was recorded has been written into it. */
export const holdsRecorded = ({ metadata }: SeccompProfile): boolean =>
  metadata.annotations?.[EVIDENCE_ANNOTATION] !== undefined;

/** The API server counts changes of the spec from 1: nobody has changed what a recording made. */
export const isUntouched = ({ metadata }: SeccompProfile): boolean => metadata.generation === 1;

/** Annotations of profiles that somebody here reads. */
export const READ_ANNOTATIONS = [RECORDING_ANNOTATION, RECORDED_ANNOTATION, EVIDENCE_ANNOTATION];
