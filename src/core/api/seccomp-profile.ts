// Generated from the CRD by scripts/generate.mjs. Do not edit.

import type { ObjectMeta } from './metadata.ts';

/**
 * A seccomp profile that is to be on every node, as the file seccomp/operator/<name>.json in the kubelet's directory. A Pod uses it with securityContext.seccompProfile {type: Localhost, localhostProfile: operator/<name>.json}. See seccomp(2) and the OCI runtime specification, config-linux.md, "Seccomp".
 */
export interface SeccompProfile {
  /**
   * Version of this API, seccomp-operator.dev/v1alpha1.
   */
  apiVersion: string;
  /**
   * Always SeccompProfile.
   */
  kind: string;
  metadata: ObjectMeta;
  spec: SeccompProfileSpec;
  status?: SeccompProfileStatus;
}
/**
 * The filter, in the terms of the OCI runtime specification.
 */
export interface SeccompProfileSpec {
  /**
   * What happens to a call that no rule names. An allow list has SCMP_ACT_ERRNO or SCMP_ACT_KILL_PROCESS here; to try one out, SCMP_ACT_LOG lets every call pass and logs it. SCMP_ACT_KILL is the old name of SCMP_ACT_KILL_THREAD.
   */
  defaultAction:
    | 'SCMP_ACT_KILL'
    | 'SCMP_ACT_KILL_PROCESS'
    | 'SCMP_ACT_KILL_THREAD'
    | 'SCMP_ACT_TRAP'
    | 'SCMP_ACT_ERRNO'
    | 'SCMP_ACT_TRACE'
    | 'SCMP_ACT_ALLOW'
    | 'SCMP_ACT_LOG'
    | 'SCMP_ACT_NOTIFY';
  /**
   * The error number a refused call returns where defaultAction is SCMP_ACT_ERRNO (1, EPERM, unless given), or what the tracer gets with SCMP_ACT_TRACE.
   */
  defaultErrnoRet?: number;
  /**
   * Architectures whose calls the filter knows beside the node's own, so that 32-bit programs run. Each node gets those of its family; programs of an architecture that is not listed are killed.
   *
   * @maxItems 32
   *
   * Items: An architecture as libseccomp names it.
   */
  architectures?: (
    | 'SCMP_ARCH_NATIVE'
    | 'SCMP_ARCH_X86'
    | 'SCMP_ARCH_X86_64'
    | 'SCMP_ARCH_X32'
    | 'SCMP_ARCH_ARM'
    | 'SCMP_ARCH_AARCH64'
    | 'SCMP_ARCH_MIPS'
    | 'SCMP_ARCH_MIPS64'
    | 'SCMP_ARCH_MIPS64N32'
    | 'SCMP_ARCH_MIPSEL'
    | 'SCMP_ARCH_MIPSEL64'
    | 'SCMP_ARCH_MIPSEL64N32'
    | 'SCMP_ARCH_PPC'
    | 'SCMP_ARCH_PPC64'
    | 'SCMP_ARCH_PPC64LE'
    | 'SCMP_ARCH_S390'
    | 'SCMP_ARCH_S390X'
    | 'SCMP_ARCH_PARISC'
    | 'SCMP_ARCH_PARISC64'
    | 'SCMP_ARCH_RISCV64'
    | 'SCMP_ARCH_LOONGARCH64'
    | 'SCMP_ARCH_M68K'
    | 'SCMP_ARCH_SH'
    | 'SCMP_ARCH_SHEB'
  )[];
  /**
   * Flags of seccomp(2). SECCOMP_FILTER_FLAG_LOG logs refused calls too. runc before 1.2 refuses any.
   *
   * @maxItems 8
   *
   * Items: A flag as the kernel names it.
   */
  flags?: (
    | 'SECCOMP_FILTER_FLAG_TSYNC'
    | 'SECCOMP_FILTER_FLAG_LOG'
    | 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'
    | 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'
  )[];
  /**
   * Absolute path of the UNIX socket of a seccomp agent, which decides on calls with SCMP_ACT_NOTIFY.
   */
  listenerPath?: string;
  /**
   * Passed to the seccomp agent as it is.
   */
  listenerMetadata?: string;
  /**
   * Rules. Of several that match one call, unconditional ones win over conditional ones, and the first of those; a rule that says what defaultAction says has no effect.
   *
   * @maxItems 1024
   */
  syscalls?: Syscall[];
  /**
   * Another SeccompProfile whose rules (and its base's, 15 deep) are added to these. Where both speak of the same call under the same conditions, the less restrictive action wins.
   */
  baseProfileName?: string;
  /**
   * Disabled takes the profile off the nodes and keeps the object. Enabled unless given.
   */
  state?: 'Enabled' | 'Disabled';
  /**
   * Enforce, unless given: the profile as written. Audit refuses nothing: each action that would refuse a call (KILL, TRAP, ERRNO, TRACE), default and rules, is SCMP_ACT_LOG, so that calls pass and the kernel logs them; ALLOW, LOG and NOTIFY stay. It is of this profile alone: of a base, only rules are taken.
   */
  mode?: 'Enforce' | 'Audit';
  rollout?: Rollout;
  /**
   * True means Disabled whatever state says, as in v1beta1 of Security Profiles Operator. Prefer state.
   */
  disabled?: boolean;
}
/**
 * What happens to some calls, perhaps under conditions.
 */
export interface Syscall {
  /**
   * System calls by their kernel names. A name that a node's libseccomp does not know is skipped there.
   *
   * @minItems 1
   * @maxItems 1024
   *
   * Items: Name of a system call, such as openat.
   */
  names: string[];
  /**
   * What happens to these calls.
   */
  action:
    | 'SCMP_ACT_KILL'
    | 'SCMP_ACT_KILL_PROCESS'
    | 'SCMP_ACT_KILL_THREAD'
    | 'SCMP_ACT_TRAP'
    | 'SCMP_ACT_ERRNO'
    | 'SCMP_ACT_TRACE'
    | 'SCMP_ACT_ALLOW'
    | 'SCMP_ACT_LOG'
    | 'SCMP_ACT_NOTIFY';
  /**
   * The error number that SCMP_ACT_ERRNO returns (1, EPERM, unless given), or what the tracer gets.
   */
  errnoRet?: number;
  /**
   * Conditions on the arguments. Those on different arguments must all hold; of several on the same argument one is enough.
   *
   * @maxItems 6
   */
  args?: Arg[];
}
/**
 * A condition on one argument. Pointers cannot be followed.
 */
export interface Arg {
  /**
   * Which argument, from 0.
   */
  index: number;
  /**
   * What the argument is compared with, or the mask of SCMP_CMP_MASKED_EQ: an unsigned 64-bit integer, 0 unless given. Put quotes around one above 9223372036854775807, or write it as "0x" and up to 16 hexadecimal digits.
   */
  value?: number | string;
  /**
   * What the masked argument must equal, with SCMP_CMP_MASKED_EQ only; written like value, 0 unless given.
   */
  valueTwo?: number | string;
  /**
   * How the argument is compared, unsigned.
   */
  op:
    | 'SCMP_CMP_NE'
    | 'SCMP_CMP_LT'
    | 'SCMP_CMP_LE'
    | 'SCMP_CMP_EQ'
    | 'SCMP_CMP_GE'
    | 'SCMP_CMP_GT'
    | 'SCMP_CMP_MASKED_EQ';
}
/**
 * Brings the profile into force by stages, each on evidence from the one before; mode is for profiles without. The operator keeps where it stands in status.rollout and never writes spec. When rules change, the new ones start at the first stage. Removed: the profile is enforced on all nodes.
 */
export interface Rollout {
  /**
   * In order. A node holds the form of the last stage so far whose nodeSelector it matches; before there is one, what it held before this rollout, or else the Audit form.
   *
   * @minItems 1
   * @maxItems 8
   */
  stages: Stage[];
}
/**
 * One step, and what has to be seen before the next one.
 */
export interface Stage {
  /**
   * Audit logs what would be refused; Enforce is the profile as written; Kill ends the process instead (SCMP_ACT_KILL_PROCESS), but where the answer is ENOSYS.
   */
  mode: 'Audit' | 'Enforce' | 'Kill';
  /**
   * Labels of the Nodes that this stage is for; all nodes unless given.
   */
  nodeSelector?: {
    /**
     * What the label must be.
     */
    [k: string]: string;
  };
  /**
   * How long Pods have to run under this stage, as in 24h or 1h30m: the time that the operator has seen it, added up. Of the last stage, how long violations still hold or roll back.
   */
  soak: string;
  /**
   * Pods that have to run under this stage meanwhile: ready, and started after the file was on the nodes. 1 unless given; 0 promotes without any evidence.
   */
  minPods?: number;
  /**
   * Violations that may be seen; with more the stage is not passed. 0 unless given.
   */
  maxViolations?: number;
  /**
   * What happens with more violations. Hold, unless given: it stays at this stage. RollBack: nodes return to what they held before this stage. Either way somebody has to act: change the profile, or resume, promote or undo.
   */
  onViolations?: 'Hold' | 'RollBack';
}
/**
 * Where the profile is, kept by the operator.
 */
export interface SeccompProfileStatus {
  /**
   * The generation this status speaks of; -1 until the operator has seen the profile.
   */
  observedGeneration?: number;
  /**
   * What a Pod names in securityContext.seccompProfile.localhostProfile.
   */
  localhostProfile?: string;
  /**
   * The mode of the form that nodes are to hold; in a rollout, that of the stage.
   */
  mode?: 'Audit' | 'Enforce' | 'Kill';
  rollout?: RolloutState;
  /**
   * SHA-256 of the file, as sha256sum prints it on a node; see variants where nodes differ.
   */
  digest?: string;
  /**
   * Digests by node architecture, where the file is not the same for all.
   *
   * @maxItems 16
   *
   * Items: The file of one architecture.
   */
  variants?: {
    /**
     * As Go names it (amd64, arm64, ...).
     */
    architecture: string;
    /**
     * SHA-256 of the file.
     */
    digest: string;
  }[];
  /**
   * Pods that have not ended and refer to it, by the Pod's own or one of its containers' settings. While there is one, the file stays on nodes, also when the profile is deleted or disabled.
   */
  usedBy?: number;
  /**
   * How many nodes hold this generation.
   */
  nodes?: {
    /**
     * Nodes that should hold it.
     */
    desired?: number;
    /**
     * Nodes that have it on disk, read back and verified.
     */
    installed?: number;
    /**
     * Nodes that could not install it, see failures.
     */
    failed?: number;
    /**
     * Nodes that do not hold it and whose kubelet is not heard; they do not keep Ready from being True.
     */
    unreachable?: number;
    /**
     * installed/desired.
     */
    summary?: string;
  };
  /**
   * What keeps nodes from installing it, at most ten.
   *
   * @maxItems 10
   *
   * Items: One node's failure.
   */
  failures?: {
    /**
     * Name of the node.
     */
    node: string;
    /**
     * One word for the cause.
     */
    reason: string;
    /**
     * What is wrong, where, and what to do.
     */
    message: string;
  }[];
  /**
   * Errors and warnings of the linter, at most ten, the gravest first; kubectl seccomp lint shows all.
   *
   * @maxItems 10
   */
  warnings?: LintWarning[];
  /**
   * Calls that the filter logged or refused in Pods that use this profile, where the configuration enables that they are watched; absent while none was seen. In Audit mode, calls that it would refuse.
   */
  violations?: {
    /**
     * How many, since the profile was made.
     */
    total: number;
    /**
     * Of these, what the present reports of nodes hold; from here the operator counts on.
     */
    inReports: number;
    /**
     * When one was seen last.
     */
    lastTime: string;
    /**
     * The ten most frequent.
     *
     * @maxItems 10
     *
     * Items: One call with one outcome.
     */
    calls: {
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
       * Any, when the profile looks at none of the call's arguments; Conditional, when it does: those that were used met no rule that allows them. The kernel does not record arguments.
       */
      arguments: 'Any' | 'Conditional';
      /**
       * How often.
       */
      count: number;
      /**
       * Of these, what the present reports of nodes hold.
       */
      inReports: number;
      /**
       * When it was seen first.
       */
      firstTime: string;
      /**
       * When it was seen last.
       */
      lastTime: string;
      /**
       * Name of a thread that made the call, at most 15 bytes; a program can choose it.
       */
      command?: string;
      /**
       * The last that made it, at most five, as namespace/pod/container.
       *
       * @maxItems 5
       *
       * Items: Such as default/web-0/nginx; without the container where that is not known.
       */
      pods: string[];
      /**
       * The last on which it was made, at most five.
       *
       * @maxItems 5
       *
       * Items: Name of the node.
       */
      nodes: string[];
    }[];
    /**
     * Number of other calls that total counts too.
     */
    otherCalls: number;
  };
  /**
   * Ready; Reconciling while nodes are being brought up to date; Stalled when somebody has to change something. The last two are absent when they do not apply.
   *
   * @maxItems 8
   */
  conditions?: Condition[];
}
/**
 * Where spec.rollout stands. All that the operator needs to go on after a restart is in here.
 */
export interface RolloutState {
  /**
   * The stage, from 1; 0 when nodes are back at what they held before the rollout.
   */
  stage: number;
  /**
   * How many there are.
   */
  stages: number;
  /**
   * WaitingForNodes until nodes hold the stage's form; WaitingForPods until enough run under it; WaitingForReports while nobody reports violations; Soaking; Completed. Held and RolledBack after violations or an undo, and Paused, until somebody acts.
   */
  phase:
    | 'WaitingForNodes'
    | 'WaitingForPods'
    | 'WaitingForReports'
    | 'Soaking'
    | 'Held'
    | 'RolledBack'
    | 'Paused'
    | 'Completed';
  /**
   * stage/stages and phase.
   */
  summary?: string;
  /**
   * What it waits for, and what to do.
   */
  waitingFor?: string;
  /**
   * When it came to this stage.
   */
  since: string;
  /**
   * When all nodes that can be reached held the stage's form; Pods started later are evidence.
   */
  installedAt?: string;
  /**
   * When the first nodes held these rules. Violations of Pods that started before are of other rules, and do not count.
   */
  rulesSince?: string;
  /**
   * Time that the operator has seen the stage in force with enough Pods. Written now and then, and when it stops; time in which no operator ran is not in it.
   */
  soakedSeconds?: number;
  /**
   * What was seen of this stage.
   */
  evidence?: {
    /**
     * Nodes that hold the form of this stage.
     */
    nodes?: number;
    /**
     * Pods on these that are ready and were started under it.
     */
    pods?: number;
    /**
     * Pods on these that still run under an earlier form; a restart brings them under this one.
     */
    outdatedPods?: number;
    /**
     * Violations since it came to this stage, by Pods that started under these rules.
     */
    violations?: number;
  };
  /**
   * Violations under these rules that the present reports of nodes hold; from here it counts on.
   */
  violationsInReports?: number;
  /**
   * Digest of the rules that are being rolled out; other rules start anew.
   */
  strictDigest: string;
  /**
   * What mode and nodeSelector of each stage were. Where these change, it goes on from the first stage that differs.
   *
   * @maxItems 8
   *
   * Items: Digest of one stage.
   */
  plan: string[];
  /**
   * The files that nodes held before the rollout. They stay in the ConfigMap, for nodes that no stage has selected yet and to go back to.
   *
   * @maxItems 16
   *
   * Items: One of the files.
   */
  before?: {
    /**
     * Which nodes take it; its key in the ConfigMap.
     */
    key: string;
    /**
     * SHA-256 of the file.
     */
    digest: string;
  }[];
  /**
   * The request that was answered last, as the annotation seccomp-operator.dev/rollout had it.
   */
  request?: string;
  /**
   * What became of that request.
   */
  answer?: string;
  /**
   * Stages that it has left, the newest first.
   *
   * @maxItems 10
   *
   * Items: How one stage ended.
   */
  history?: {
    /**
     * The stage, from 1.
     */
    stage: number;
    /**
     * Its mode.
     */
    mode: 'Audit' | 'Enforce' | 'Kill';
    /**
     * Why it was left.
     */
    outcome: 'Promoted' | 'PromotedByHand' | 'RolledBack' | 'Undone' | 'Completed' | 'Replaced';
    /**
     * When it came to this stage.
     */
    since: string;
    /**
     * When it left it.
     */
    until: string;
    /**
     * Pods that ran under it at the end.
     */
    pods?: number;
    /**
     * Violations that were seen.
     */
    violations?: number;
  }[];
}
/**
 * One finding.
 */
export interface LintWarning {
  /**
   * Which rule of the linter; docs/lint.md explains it.
   */
  rule: string;
  /**
   * Error where somewhere no container starts with the profile, Warning where it does something else than it says, or gives away more than it seems to.
   */
  severity: 'Error' | 'Warning';
  /**
   * Where in the profile; indices count the rules of its bases too.
   */
  field: string;
  /**
   * What is wrong, and what to do.
   */
  message: string;
}
/**
 * One aspect of the profile's state.
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
