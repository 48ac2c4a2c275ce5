// What an installation has outside its namespaces, for `kubectl seccomp uninstall`.
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { manifestFiles, OPTIONAL } from './manifests.mjs';

/** Kinds without a namespace, in the order in which they are removed: first what could keep others from going. */
const CLUSTER_SCOPED = {
  ValidatingWebhookConfiguration: 'validatingwebhookconfigurations',
  MutatingWebhookConfiguration: 'mutatingwebhookconfigurations',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  APIService: 'apiservices',
  FlowSchema: 'flowschemas',
  PriorityLevelConfiguration: 'prioritylevelconfigurations',
  CustomResourceDefinition: 'customresourcedefinitions',
  ClusterRoleBinding: 'clusterrolebindings',
  ClusterRole: 'clusterroles',
  PriorityClass: 'priorityclasses',
  Namespace: 'namespaces',
};
const NAMESPACES = ['seccomp-operator', 'seccomp-operator-agents'];

export const INSTALLED_OBJECTS = 'src/core/uninstall/installed-objects.ts';

export function installedObjects() {
  const objects = [...manifestFiles(), ...OPTIONAL.keys()].flatMap(file =>
    parseAllDocuments(readFileSync(file, 'utf8')).map(document => ({ file, ...document.toJS() })),
  );
  const order = Object.keys(CLUSTER_SCOPED);
  const outside = objects.filter(object => !isInOwnNamespace(object));
  outside.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const lines = outside.map(({ apiVersion, kind, metadata: { name } }) => {
    const api = apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;
    return `  '/${api}/${CLUSTER_SCOPED[kind]}/${name}',\n`;
  });
  return `// Generated from manifests by scripts/installed-objects.mjs. Do not edit.

/** Paths of what an installation has outside its namespaces, in the order in which it is removed. */
export const INSTALLED_OBJECTS: readonly string[] = [
${lines.join('')}];
`;
}

function isInOwnNamespace({ file, kind, metadata: { namespace, name } }) {
  if (namespace === undefined && CLUSTER_SCOPED[kind]) return false;
  if (NAMESPACES.includes(namespace)) return true;
  throw new Error(
    `${file}: ${kind} ${namespace ?? ''}/${name} would survive an uninstall: see scripts/installed-objects.mjs`,
  );
}
