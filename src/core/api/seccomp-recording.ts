// Generated from the CRD by scripts/generate.mjs. Do not edit.

import type { ObjectMeta } from './metadata.ts';

/**
 * Makes a SeccompProfile in mode Audit of what Pods and their runtime call. From the start there is a profile that logs calls and refuses none; Pods whose template names it are recorded, and when the recording is complete the same profile holds what was seen. Nothing is written to Pods, and none is restarted. It needs violations enabled in the operator's configuration.
 */
export interface SeccompRecording {
  /**
   * Version of this API, seccomp-operator.dev/v1alpha1.
   */
  apiVersion: string;
  /**
   * Always SeccompRecording.
   */
  kind: string;
  metadata: ObjectMeta;
  spec: SeccompRecordingSpec;
  status?: SeccompRecordingStatus;
}
/**
 * Which Pods are recorded, for how long, and what is made of it.
 */
export interface SeccompRecordingSpec {
  /**
   * Namespaces of the Pods. Pods elsewhere are not recorded, also where they name the profile: what they call would come into it.
   *
   * @minItems 1
   * @maxItems 16
   *
   * Items: A namespace.
   */
  namespaces: string[];
  /**
   * Labels of the Pods, as in a Deployment's selector.
   */
  podSelector: {
    /**
     * Labels that Pods have.
     */
    matchLabels?: {
      /**
       * The label's value.
       */
      [k: string]: string;
    };
    /**
     * Conditions on labels; all have to hold.
     *
     * @maxItems 16
     *
     * Items: A condition on one label.
     */
    matchExpressions?: {
      /**
       * The label's key.
       */
      key: string;
      /**
       * How the label is compared.
       */
      operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
      /**
       * Values, for In and NotIn.
       *
       * @maxItems 32
       *
       * Items: A value.
       */
      values?: string[];
    }[];
  };
  /**
   * Names of the containers that are recorded; all that name the profile, unless given.
   *
   * @minItems 1
   * @maxItems 16
   *
   * Items: Name of a container, an init container or an ephemeral one.
   */
  containers?: string[];
  /**
   * Merged (unless given): one profile with the recording's name, for the whole Pod or for those of its containers that name it. PerContainer: one for each of spec.containers, as RECORDING-CONTAINER.
   */
  profiles?: 'Merged' | 'PerContainer';
  /**
   * How long Pods are recorded, as in 24h or 1h30m, from when the first of them runs under the profile. Until spec.state is Stopped, unless given.
   */
  duration?: string;
  /**
   * Recording (unless given), or Stopped: the profile is made of what was seen so far. There is no way back from a recording that is complete.
   */
  state?: 'Recording' | 'Stopped';
  /**
   * Calls that programs make all the time on what they have open already, such as poll, recvmsg and sendto. Include (unless given): they are in the profile, and not logged, so that the rest is not lost among them. Record: they are logged like others; a busy program is slowed down, and may call faster than its records can be read.
   */
  frequentCalls?: 'Include' | 'Record';
}
/**
 * Where the recording stands, and what was recorded so far.
 */
export interface SeccompRecordingStatus {
  /**
   * The generation this status speaks of; -1 until the operator has seen the recording.
   */
  observedGeneration?: number;
  /**
   * Waiting for a Pod that runs under the profile; Recording; Finishing, while last reports of nodes come in; Complete; Stalled where somebody must act, see the condition Ready.
   */
  state?: 'Waiting' | 'Recording' | 'Finishing' | 'Complete' | 'Stalled';
  /**
   * When the first Pod was seen to run under the profile.
   */
  startTime?: string;
  /**
   * When it was stopped, or its duration was over.
   */
  endTime?: string;
  /**
   * The selected Pods, while it recorded.
   */
  pods?: {
    /**
     * Pods that are selected and have not ended.
     */
    selected: number;
    /**
     * Of these, Pods that run under the profile.
     */
    recorded: number;
    /**
     * Recorded of selected, such as 2/3.
     */
    summary: string;
  };
  /**
   * Pods that have to be restarted, which the operator does not do. While it records, those that do not run under the profile; later those that still run under its form that logs.
   */
  mustRestart?: {
    /**
     * How many.
     */
    total: number;
    /**
     * The first ten of them in order.
     *
     * @maxItems 10
     *
     * Items: A Pod and why.
     */
    pods: {
      /**
       * Namespace and name, as namespace/name.
       */
      pod: string;
      /**
       * ProfileNotNamed, a recorded container does not name its profile; StartedBefore, it started before that was there; StartedWhileRecording, it still has the filter that logs.
       */
      reason: 'ProfileNotNamed' | 'StartedBefore' | 'StartedWhileRecording';
      /**
       * What to do.
       */
      message: string;
    }[];
  };
  /**
   * Different calls that were recorded, in all profiles.
   */
  calls?: number;
  /**
   * Names of the SeccompProfiles that are made, for the table; of more than three the first.
   */
  profileNames?: string;
  /**
   * What is made, with what was recorded for it so far.
   *
   * @maxItems 16
   *
   * Items: One profile.
   */
  profiles?: {
    /**
     * Name of the SeccompProfile.
     */
    name: string;
    /**
     * What a Pod or container names in securityContext.seccompProfile.localhostProfile.
     */
    localhostProfile: string;
    /**
     * Pending while it records. Written: the profile holds what was seen, in mode Audit. Kept: somebody had changed it, so it was left as it is. Empty: nothing was seen, so it goes on logging.
     */
    outcome: 'Pending' | 'Written' | 'Kept' | 'Empty';
    /**
     * Calls that were seen, by architecture. Those that the profile has anyway are not among them.
     *
     * @maxItems 4
     *
     * Items: Calls of one architecture.
     */
    recorded?: {
      /**
       * What the calling programs are made for, as libseccomp names it.
       */
      architecture: string;
      /**
       * Names in order. syscall_0x1f4 is one without a name in this version, and not in the profile.
       *
       * @maxItems 512
       *
       * Items: Name of a call.
       */
      syscalls: string[];
    }[];
    /**
     * Calls that only the runtime made, that it can do without, and that an ordinary container should not have, such as fsopen: they are not in the profile.
     *
     * @maxItems 32
     *
     * Items: Name of a call.
     */
    leftOut?: string[];
  }[];
  /**
   * How complete what was recorded is, over all nodes where recorded Pods ran.
   */
  evidence?: {
    /**
     * Records that came faster than they were read. The kernel does not say of which container.
     */
    lost: number;
    /**
     * Records of processes that had ended before their container could be found out.
     */
    unattributed: number;
    /**
     * How often records were not read for a while, as when the violations program restarts.
     */
    interruptions: number;
    /**
     * Nodes beyond those in status.nodes, of whose losses nothing is known.
     */
    otherNodes?: number;
  };
  /**
   * The same by node, for the first 128 nodes; see evidence.otherNodes.
   *
   * @maxItems 128
   *
   * Items: A node where recorded Pods ran.
   */
  nodes?: {
    /**
     * Name of the node.
     */
    name: string;
    /**
     * Beginning of the counting that was read last.
     */
    since: string;
    /**
     * Records that were lost there while it recorded.
     */
    lost: number;
    /**
     * Records of no known container there while it recorded.
     */
    unattributed: number;
    /**
     * How often counting began anew there, or stopped.
     */
    interruptions: number;
    /**
     * What the node's report said last, from where counting goes on.
     */
    reportedLost: number;
    /**
     * The same of unattributed records.
     */
    reportedUnattributed: number;
  }[];
  /**
   * Ready, True while it records as it should and when it is complete; Complete; Lossless, False once something may be missing. Reconciling and Stalled are there only while they are true.
   *
   * @maxItems 8
   */
  conditions?: Condition[];
}
/**
 * One aspect of the recording's state.
 */
export interface Condition {
  /**
   * Name of the condition.
   */
  type: string;
  /**
   * True, False or Unknown.
   */
  status: 'True' | 'False' | 'Unknown';
  /**
   * One word for the cause of the last transition.
   */
  reason: string;
  /**
   * For a person to act on.
   */
  message: string;
  /**
   * When status changed last.
   */
  lastTransitionTime: string;
  /**
   * The generation of the spec that this was said of.
   */
  observedGeneration?: number;
}
