import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import type { SeccompRecording } from '../core/api/seccomp-recording.ts';
import { isoTime } from '../core/iso-time.ts';
import type { Log } from '../core/log.ts';
import {
  API_VERSION,
  EVIDENCE_ANNOTATION,
  GROUP,
  PROFILE_KIND,
  PROFILE_PLURAL,
  RECORDED_ANNOTATION,
  RECORDING_ANNOTATION,
  VERSION,
} from '../core/names.ts';
import { holdsRecorded, isUntouched, recordedAt, recordingOf } from '../core/recording/ownership.ts';
import { recordedSpec, recordingSpec } from '../core/recording/profiles.ts';
import type { Obstacle, RecordedProfile } from '../core/recording/status.ts';
import type { Target } from '../core/recording/targets.ts';
import { findCondition } from '../core/status/conditions.ts';
import { isRefusal } from '../kube/errors.ts';
import { resourcePath } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';

export interface RecordedProfilesOptions {
  readonly transport: Transport;
  readonly profiles: ReadonlyMap<string, SeccompProfile>;
  readonly log: Log;
}

const COLLECTION = { group: GROUP, version: VERSION, plural: PROFILE_PLURAL } as const;

/** The profiles that recordings make: there from the start, so that Pods can name them, and written once more at the end. */
export class RecordedProfiles {
  readonly #options: RecordedProfilesOptions;

  constructor(options: RecordedProfilesOptions) {
    this.#options = options;
  }

  /** Makes the profile that logs, if it is not there; says what stands in the way of Pods that are to run under it. */
  async prepare(recording: SeccompRecording, { profile: name }: Target): Promise<Obstacle | undefined> {
    try {
      return obstacleOf(recording, this.#options.profiles.get(name) ?? (await this.#create(recording, name)));
    } catch (error) {
      if (isRefusal(error)) return refused(name, error);
      throw error;
    }
  }

  /** When it came to be, in milliseconds; undefined where it is not there. */
  madeAt(name: string): number | undefined {
    const made = this.#options.profiles.get(name)?.metadata.creationTimestamp;
    return made === undefined ? undefined : Date.parse(made);
  }

  /** When its form that logs ended, in milliseconds. */
  recordedAt(name: string): number | undefined {
    const profile = this.#options.profiles.get(name);
    return profile && recordedAt(profile);
  }

  /**
   * Writes what was recorded, once, and only into what nobody has changed. Done again it changes nothing. `basis` says what it
   * rests on.
   */
  async finish(recording: SeccompRecording, target: RecordedProfile, basis: string): Promise<RecordedProfile> {
    const profile = this.#options.profiles.get(target.name);
    const { recorded = [] } = target;
    if (!profile || recordingOf(profile) !== recording.metadata.name) return { ...target, outcome: 'Kept' };
    if (recordedAt(profile) !== undefined) return { ...target, outcome: holdsRecorded(profile) ? 'Written' : 'Kept' };
    if (recorded.length === 0) return { ...target, outcome: 'Empty' };
    const isOurs = isUntouched(profile);
    const since = { [RECORDED_ANNOTATION]: isoTime(Date.now()) };
    await this.#patch(profile, isOurs ? { ...since, [EVIDENCE_ANNOTATION]: basis } : since, {
      ...(isOurs ? { spec: recordedSpec(recorded, recording.spec.frequentCalls) } : {}),
    });
    this.#options.log.info('recorded profile', { recording: recording.metadata.name, profile: target.name, isOurs });
    return { ...target, outcome: isOurs ? 'Written' : 'Kept' };
  }

  /** It is not owned: it stays when the recording goes. */
  async #create({ metadata, spec }: SeccompRecording, name: string): Promise<SeccompProfile> {
    const { transport, log } = this.#options;
    const body = {
      apiVersion: API_VERSION,
      kind: PROFILE_KIND,
      metadata: { name, annotations: { [RECORDING_ANNOTATION]: metadata.name } },
      spec: recordingSpec(spec.frequentCalls),
    };
    const made = await transport.request<SeccompProfile>('POST', resourcePath(COLLECTION), { body });
    log.info('profile made for a recording', { recording: metadata.name, profile: name });
    return made;
  }

  /** Refused when somebody has changed it since the watch told of it. */
  async #patch({ metadata }: SeccompProfile, annotations: Record<string, string>, change: object): Promise<void> {
    const { name, resourceVersion } = metadata;
    await this.#options.transport.request('PATCH', resourcePath({ ...COLLECTION, name }), {
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion, annotations }, ...change },
    });
  }
}

/** Until somebody changes what the profile may be, or who may write it. */
export const refused = (name: string, error: Error): Obstacle => ({
  is: 'Stalled',
  reason: 'ProfileRefused',
  message: `the API server refuses SeccompProfile ${name}: ${error.message}`,
});

function obstacleOf({ metadata }: SeccompRecording, profile: SeccompProfile): Obstacle | undefined {
  const { name, deletionTimestamp } = profile.metadata;
  if (recordingOf(profile) !== metadata.name || recordedAt(profile) !== undefined)
    return {
      is: 'Stalled',
      reason: 'ProfileExists',
      message: `SeccompProfile ${name} is there already and not of this recording, so it is left alone: delete it, or record under another name`,
    };
  const ready = findCondition(profile.status?.conditions, 'Ready');
  if (deletionTimestamp === undefined && ready?.status === 'True') return undefined;
  const message = `SeccompProfile ${name} is not on the nodes yet: ${ready?.message ?? 'it is new'}`;
  return { is: 'Reconciling', reason: 'ProfileNotReady', message };
}
