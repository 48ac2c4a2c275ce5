import type { SeccompProfile, SeccompProfileStatus } from '../core/api/seccomp-profile.ts';
import type { SeccompRecording, SeccompRecordingStatus } from '../core/api/seccomp-recording.ts';
import { effectOf } from '../core/audit/action.ts';
import type { NodeInfo } from '../core/fleet/eligible.ts';
import type { Log } from '../core/log.ts';
import type { StepText } from '../core/rollout/event.ts';
import { findCondition } from '../core/status/conditions.ts';
import type { Sighting } from '../core/violations/ledger.ts';
import { EventRecorder } from '../kube/events.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';

export interface AnnouncerOptions {
  readonly transport: Transport;
  /** Of this replica. */
  readonly identity: string;
  readonly log: Log;
}

/** Tells people, by Events and in the log, of what somebody waits for or has to act on; never of the same twice. */
export class Announcer {
  readonly #log: Log;
  readonly #events: EventRecorder;

  constructor({ transport, identity, log }: AnnouncerOptions) {
    this.#log = log;
    this.#events = new EventRecorder({
      transport,
      reportingController: 'seccomp-operator.dev/operator',
      reportingInstance: identity,
      log,
    });
  }

  stop(): void {
    this.#events.stop();
  }

  /** A profile's condition Ready has come to another status or reason. */
  transition(profile: SeccompProfile, previous: SeccompProfileStatus, next: SeccompProfileStatus): void {
    const before = findCondition(previous.conditions, 'Ready');
    const after = findCondition(next.conditions, 'Ready');
    if (!after || (before?.status === after.status && before.reason === after.reason)) return;
    const { status: ready, reason, message } = after;
    this.#log.info('profile status', { profile: profile.metadata.name, ready, reason, text: message });
    if (['WaitingForNodes', 'Rendering', 'Deleting'].includes(reason)) return;
    const isWanted = ready === 'True' || reason === 'Disabled' || reason === 'InUse';
    const type = isWanted ? 'Normal' : 'Warning';
    this.#events.event(regarding(profile), { type, reason, action: 'Reconcile', note: message });
  }

  rolloutStep(profile: SeccompProfile, { type, reason, note }: StepText): void {
    this.#log.info('rollout', { profile: profile.metadata.name, reason, text: note });
    this.#events.event(regarding(profile), { type, reason, action: 'RollOut', note });
  }

  /** A recording has come to another state, or something is in its way. */
  recording(recording: SeccompRecording, previous: SeccompRecordingStatus, next: SeccompRecordingStatus): void {
    const before = findCondition(previous.conditions, 'Ready');
    const after = findCondition(next.conditions, 'Ready');
    if (!after || before?.reason === after.reason) return;
    const { status, reason, message: note } = after;
    this.#log.info('recording', { recording: recording.metadata.name, reason, text: note });
    if (reason === 'ProfileNotReady') return;
    const type = status === 'True' ? 'Normal' : 'Warning';
    this.#events.event(regarding(recording), { type, reason, action: 'Record', note });
  }

  /** People who follow the profile hear of it, and those who follow the Pod. */
  violation({ node, usage, call, command, count, isFirst }: Sighting, object: SeccompProfile | undefined): void {
    const { profile, pod, podUid, container } = usage;
    const [namespace = '', name = ''] = pod.split('/');
    const { syscall, action } = call;
    this.#log.warn('violation', { profile, syscall, action, pod, container, node, command, count, first: isFirst });
    const where = `${container ? `container ${container} of ` : ''}Pod ${pod} on ${node}`;
    const note = `${syscall} by ${command} in ${where}: ${effectOf(call)}; see kubectl seccomp violations ${profile}`;
    const text = { type: 'Warning', reason: 'SeccompViolation', action: 'Watch', note } as const;
    if (object) this.#events.event(regarding(object), text);
    this.#events.event({ apiVersion: 'v1', kind: 'Pod', namespace, name, uid: podUid }, text);
  }

  invalidConfiguration(config: KubeObject, note: string): void {
    this.#events.event(regarding(config), {
      type: 'Warning',
      reason: 'InvalidConfiguration',
      action: 'Configure',
      note,
    });
  }

  untainted({ name, uid }: NodeInfo, taint: string): void {
    const note = `every profile is on its disk: taint ${taint} removed`;
    const about = { apiVersion: 'v1', kind: 'Node', name, uid };
    this.#events.event(about, { type: 'Normal', reason: 'SeccompProfilesInstalled', action: 'Untaint', note });
  }
}

function regarding({ apiVersion, kind, metadata: { name, namespace, uid } }: KubeObject) {
  return { apiVersion, kind, name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) };
}
