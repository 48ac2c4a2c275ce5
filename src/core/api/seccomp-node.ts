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
