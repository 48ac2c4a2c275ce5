// Generated from the CRD by scripts/generate.mjs. Do not edit.

import type { ObjectMeta } from './metadata.ts';

/**
 * What one node's agent reports of itself: which rendered profiles are on the node's disk, verified, and what stands in the way of others. The operator makes one for each node that runs the agent; the node's agent alone writes its status. There is nothing in it for a person to set.
 */
export interface SeccompNode {
  /**
   * Version of this API, seccomp-operator.dev/v1alpha1.
   */
  apiVersion: string;
  /**
   * Always SeccompNode.
   */
  kind: string;
  metadata: ObjectMeta;
  status?: SeccompNodeStatus;
}
/**
 * The agent's report. Its size does not grow with the number of profiles.
 */
export interface SeccompNodeStatus {
  /**
   * The set of files that this agent has installed and read back.
   */
  bundle?: {
    /**
     * SHA-256 of what "LC_ALL=C; sha256sum *.json" prints in the node's directory seccomp/operator, so that it can be verified by hand.
     */
    digest: string;
    /**
     * Number of files in the set.
     */
    profiles: number;
    /**
     * Every change of the rendered ConfigMaps up to this resourceVersion is applied and verified.
     */
    resourceVersion: string;
  };
  /**
   * Profiles that could not be installed; at most 16, see failuresTotal.
   *
   * @maxItems 16
   *
   * Items: One profile that is not on this node as it should be.
   */
  failures?: {
    /**
     * Name of the SeccompProfile.
     */
    profile: string;
    /**
     * Digest of the file that should be there.
     */
    digest?: string;
    /**
     * One word for the cause, such as DiskFull.
     */
    reason: string;
    /**
     * What is wrong, where, and what to do.
     */
    message: string;
  }[];
  /**
   * Number of profiles that could not be installed.
   */
  failuresTotal?: number;
  /**
   * Files that somebody else altered or removed, and that were put right.
   */
  repairs?: {
    /**
     * Repairs since the agent started.
     */
    total: number;
    /**
     * When the last one was made.
     */
    lastTime?: string;
    /**
     * The file that was repaired last.
     */
    lastFile?: string;
  };
  /**
   * Version of the agent.
   */
  agentVersion?: string;
  /**
   * The node's architecture as Go names it (amd64, arm64, ...), which decides on the form of a file.
   */
  architecture?: string;
  /**
   * System calls that seccomp filters logged or refused in this node's containers, as the kernel's audit records tell. Written by the violations program, where the configuration enables it; counts begin anew when that starts.
   */
  violations?: {
    /**
     * Watching while records are read; Blind when they cannot be, see message; Stopped after it was ended.
     */
    state: 'Watching' | 'Blind' | 'Stopped';
    /**
     * For a person to act on.
     */
    message: string;
    /**
     * Where the records come from. KernelLog is rate-limited by the kernel.
     */
    source: 'AuditNetlink' | 'KernelLog';
    /**
     * When this counting began.
     */
    since: string;
    /**
     * Records of calls made in containers.
     */
    recorded: number;
    /**
     * Records that came faster than they were read, and that the kernel dropped.
     */
    lost: number;
    /**
     * Records of processes that had ended before their container could be found out.
     */
    unattributed: number;
    /**
     * Of those recorded, calls that are in no entry any more, never were in a report, and are in no set either.
     */
    unlisted: number;
    /**
     * What was called where, the latest first: at most 20 calls of a container and 100 of a node. Which profile a container has is not known here.
     *
     * @maxItems 100
     *
     * Items: One call of one container, with one outcome.
     */
    entries: {
      /**
       * UID of the Pod; of a static Pod the one that its mirror Pod has as annotation.
       */
      podUID: string;
      /**
       * The runtime's id of the container.
       */
      containerID: string;
      /**
       * Name of the call; syscall_0x1f4 where it is not known.
       */
      syscall: string;
      /**
       * What the calling program is made for, as libseccomp names it.
       */
      architecture: string;
      /**
       * What the filter did, such as SCMP_ACT_LOG.
       */
      action: string;
      /**
       * Name of a thread that made the call, at most 15 bytes; a program can choose it.
       */
      command: string;
      /**
       * Path of its program, as the container has it.
       */
      executable?: string;
      /**
       * How often, since firstTime.
       */
      count: number;
      /**
       * When counting of this entry began.
       */
      firstTime: string;
      /**
       * When it was seen last.
       */
      lastTime: string;
    }[];
    /**
     * Containers that logged more kinds of calls than have room as entries, as under a profile that logs all: every call that SCMP_ACT_LOG let through since counting began, without counts. The 64 containers that came first.
     *
     * @maxItems 64
     *
     * Items: What one container's program, or its runtime, called, in the numbers of one architecture.
     */
    callSets?: {
      /**
       * UID of the Pod; of a static Pod the one that its mirror Pod has as annotation.
       */
      podUID: string;
      /**
       * The runtime's id of the container.
       */
      containerID: string;
      /**
       * Whose numbers these are, as libseccomp names it.
       */
      architecture: string;
      /**
       * Numbers of calls as a filter sees them, in order, such as 0-3,5,9-12; at most 512 of them.
       */
      numbers: string;
      /**
       * Name of the thread that made the call that came last to the set. What the runtime calls to start the container, or a command in it, is a set of its own.
       */
      command: string;
      /**
       * When the first was made.
       */
      firstTime: string;
      /**
       * When the last one came to the set.
       */
      lastTime: string;
    }[];
  };
  /**
   * Synced, and Drifted while a repair is less than an hour ago.
   *
   * @maxItems 8
   */
  conditions?: Condition[];
}
/**
 * One aspect of the node's state.
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
