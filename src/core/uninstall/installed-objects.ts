// Generated from manifests by scripts/installed-objects.mjs. Do not edit.

/** Paths of what an installation has outside its namespaces, in the order in which it is removed. */
export const INSTALLED_OBJECTS: readonly string[] = [
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/seccomp-agent-reports',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/seccomp-operator-nodes',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/seccomp-profile-warnings',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/seccomp-rendered-profiles',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/seccomp-profile-limits',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/seccomp-agent-reports',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/seccomp-operator-nodes',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/seccomp-profile-warnings',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/seccomp-rendered-profiles',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/seccomp-profile-limits',
  '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/seccomp-agents',
  '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations/seccomp-agents',
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/seccompprofiles.seccomp-operator.dev',
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/seccompnodes.seccomp-operator.dev',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/seccomp-operator',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/seccomp-agent',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/seccomp-violations',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles/seccomp-operator',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles/seccomp-agent',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles/seccomp-violations',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles/seccomp-operator-view',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles/seccomp-operator-author',
  '/api/v1/namespaces/seccomp-operator',
  '/api/v1/namespaces/seccomp-operator-agents',
];
