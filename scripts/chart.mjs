// The Helm chart's files, made of manifests/base and crds: one source, with what a values file may change put in.
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { BASE, manifestFiles, OPTIONAL } from './manifests.mjs';

const CHART = 'charts/seccomp-operator';
const CONFIG = `${BASE}/operator/config.yaml`;
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** `key: <expression>` */
const scalar = expression => (indent, key) => `${indent}${key}: {{ ${expression} }}\n`;
/** A map, a list or a text of the values file; where it is empty the field is left out. */
const field = path => (indent, key) =>
  [
    `${indent}{{- with ${path} }}`,
    `${indent}${key}:`,
    `{{ toYaml . | indent ${indent.length + 2} }}`,
    `${indent}{{- end }}\n`,
  ].join('\n');
/** A map of the values file as the text of a ConfigMap's key. */
const text = path => (indent, key) => `${indent}${key}: |\n{{ toYaml ${path} | indent ${indent.length + 2} }}\n`;
/** Numbers of the values file as ports of a NetworkPolicy. */
const ports = path => (indent, key) =>
  `${indent}${key}:\n${indent}  {{- range ${path} }}\n${indent}  - protocol: TCP\n${indent}    port: {{ . }}\n${indent}  {{- end }}\n`;
const keep = (indent, key) =>
  `${indent}{{- if .Values.crds.keep }}\n${indent}${key}:\n${indent}  helm.sh/resource-policy: keep\n${indent}{{- end }}\n`;

/** What replaces a field of the manifest, and what is put beside its fields: path -> template. By kind, and name where it matters. */
const POD = 'spec.template.spec';
const REPLACED = {
  Deployment: {
    'spec.replicas': scalar('.Values.replicas'),
    [`${POD}.priorityClassName`]: field('.Values.priorityClassName'),
    [`${POD}.containers.0.image`]: scalar('include "seccomp-operator.image" .'),
    [`${POD}.containers.0.resources`]: field('.Values.resources'),
  },
  'ConfigMap seccomp-operator': { 'data.agent\\.yaml': text('.Values.agent') },
  'ConfigMap seccomp-profile-limits': { data: field('.Values.profileLimits.limits') },
  NetworkPolicy: { 'spec.egress.0.ports': ports('.Values.networkPolicy.apiServerPorts') },
};
const ADDED = {
  Deployment: {
    [`${POD}.containers.0.imagePullPolicy`]: field('.Values.image.pullPolicy'),
    [`${POD}.imagePullSecrets`]: field('.Values.image.pullSecrets'),
    [`${POD}.nodeSelector`]: field('.Values.nodeSelector'),
    [`${POD}.tolerations`]: field('.Values.tolerations'),
    [`${POD}.affinity`]: field('.Values.affinity'),
  },
  CustomResourceDefinition: { 'metadata.annotations': keep },
  NetworkPolicy: { 'spec.ingress.0.from': field('.Values.networkPolicy.metricsFrom') },
};
/** When a document is there at all. */
const CONDITIONS = {
  CustomResourceDefinition: () => '.Values.crds.install',
  NetworkPolicy: () => '.Values.networkPolicy.enabled',
  // With `--namespace NAME --create-namespace` Helm has made it already.
  Namespace: name => `ne .Release.Namespace ${JSON.stringify(name)}`,
};

/** Path -> text of every generated file of the chart. */
export function chartFiles() {
  return new Map([
    [`${CHART}/Chart.yaml`, chartYaml()],
    [`${CHART}/values.yaml`, valuesYaml()],
    ...sources().map(source => [`${CHART}/templates/${nameOf(source)}`, template(source)]),
  ]);
}

/** Folders in which every file is generated: one whose manifest is gone is stale. */
export function chartFolders() {
  const folders = sources().map(source => dirname(nameOf(source)));
  return [...new Set(folders)].filter(folder => folder !== '.').map(folder => `${CHART}/templates/${folder}`);
}

const sources = () => [...manifestFiles(), ...OPTIONAL.keys()];

function nameOf(source) {
  if (OPTIONAL.has(source)) return `admission/${basename(source)}`;
  return source.startsWith(`${BASE}/`) ? source.slice(BASE.length + 1) : source;
}

function template(source) {
  const documents = parseAllDocuments(readFileSync(source, 'utf8')).map(document => {
    const { kind, metadata } = document.toJS();
    const body = withExpressions(document, `${kind} ${metadata.name}`, source);
    const condition = OPTIONAL.get(source) ?? CONDITIONS[kind]?.(metadata.name);
    return condition ? `{{- if ${condition} }}\n---\n${body}{{- end }}\n` : `---\n${body}`;
  });
  return `{{- /* Generated from ${source} by npm run generate. Do not edit. */ -}}\n${documents.join('')}`;
}

/** Expressions travel through YAML as numbered marks, each the value of its field. */
function withExpressions(document, title, source) {
  const [kind] = title.split(' ');
  if (document.toString().includes('{{')) throw new Error(`${source}: Helm takes its braces for an expression`);
  const templates = [];
  const put = (path, make) => document.setIn(pathOf(path), document.createNode(`@@${templates.push(make) - 1}@@`));
  for (const [path, make] of Object.entries(REPLACED[title] ?? REPLACED[kind] ?? {})) {
    if (!document.hasIn(pathOf(path))) throw new Error(`${source}: ${path} is gone; see scripts/chart.mjs`);
    put(path, make);
  }
  for (const [path, make] of Object.entries(ADDED[kind] ?? {})) put(path, make);
  return document
    .toString({ lineWidth: 0, flowCollectionPadding: false })
    .replace(/^---\n/, '')
    .replace(/^( *)([\w.]+): "?@@(\d+)@@"?\n/gm, (_, indent, key, at) => templates[at](indent, key))
    .replace(
      /^( *)- ([\w.]+): "?@@(\d+)@@"?\n/gm,
      (_, indent, key, at) => `${indent}- ${templates[at](`${indent}  `, key).trimStart()}`,
    );
}

const pathOf = path => path.split(/(?<!\\)\./).map(key => (/^\d+$/.test(key) ? Number(key) : key.replace('\\.', '.')));

function chartYaml() {
  return `# Made of package.json by npm run generate. Do not edit.\n${stringify({
    apiVersion: 'v2',
    name: 'seccomp-operator',
    description: 'Seccomp profiles on every node, with a status that is true',
    type: 'application',
    version,
    appVersion: `v${version}`,
    kubeVersion: '>=1.30.0-0',
  })}`;
}

/** The agents' settings are those of agent.yaml, with the same comments. */
function valuesYaml() {
  const settings = parse(readFileSync(CONFIG, 'utf8')).data['agent.yaml'];
  return `${readFileSync('scripts/chart-values.yaml', 'utf8')}agent:\n${settings.replace(/^(?=.)/gm, '  ')}`;
}
