/** The names by which the operator, the agents and a person at a terminal know the same things. */

export const GROUP = 'seccomp-operator.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

export const PROFILE_KIND = 'SeccompProfile';
export const PROFILE_PLURAL = 'seccompprofiles';
export const RECORDING_KIND = 'SeccompRecording';
export const RECORDING_PLURAL = 'seccomprecordings';
export const NODE_KIND = 'SeccompNode';
export const NODE_PLURAL = 'seccompnodes';

/** Namespaces of the manifests; both programs take others by flag. */
export const OPERATOR_NAMESPACE = 'seccomp-operator';
export const AGENT_NAMESPACE = 'seccomp-operator-agents';

/** Marks the ConfigMaps that agents list and watch: `true` on rendered profiles, see core/fleet/place.ts for the others. */
export const RENDERED_LABEL = `${GROUP}/rendered`;
export const RENDERED_SELECTOR = `${RENDERED_LABEL}=true`;
/** On such a ConfigMap: the name of its SeccompProfile. */
export const PROFILE_ANNOTATION = `${GROUP}/profile`;
/** On the ConfigMap with what a node is told of itself: the name of the node, and since when it says so. */
export const NODE_ANNOTATION = `${GROUP}/node`;
export const SINCE_ANNOTATION = `${GROUP}/since`;
/** On a SeccompProfile: what somebody asks of its rollout, see core/rollout/request.ts. */
export const ROLLOUT_ANNOTATION = `${GROUP}/rollout`;
/** On a SeccompProfile that a recording makes: the name of the recording; and since when it holds what was recorded. */
export const RECORDING_ANNOTATION = `${GROUP}/recording`;
export const RECORDED_ANNOTATION = `${GROUP}/recorded`;
/** Beside them: what the profile rests on, in words. */
export const EVIDENCE_ANNOTATION = `${GROUP}/evidence`;
/** Beside it: over how many milliseconds the nodes spread their reports of the change. */
export const SPREAD_ANNOTATION = `${GROUP}/report-spread-ms`;
/** Keeps a SeccompProfile until its rendered form is gone. */
export const PROFILE_FINALIZER = `${GROUP}/rendered`;

/** Taint with which a kubelet may register (--register-with-taints), removed when the node holds every profile. */
export const STARTUP_TAINT = `${GROUP}/not-ready`;

/** The directory below the kubelet's seccomp root that is ours. Security Profiles Operator uses the same name. */
export const PROFILE_DIRECTORY = 'operator';

/** Who writes, as the API server's managedFields and Events name it. */
export const FIELD_MANAGER = 'seccomp-operator';
