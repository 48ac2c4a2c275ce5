// Makes what is derived from CRDs and manifests: TypeScript types, the reference, the Helm chart, what an
// uninstall removes. `--check` only says what is stale.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { compile } from 'json-schema-to-typescript';
import { parse } from 'yaml';
import { chartFiles, chartFolders } from './chart.mjs';
import { INSTALLED_OBJECTS, installedObjects } from './installed-objects.mjs';

const KINDS = [
  { crd: 'crds/seccompprofiles.yaml', types: 'src/core/api/seccomp-profile.ts' },
  { crd: 'crds/seccompnodes.yaml', types: 'src/core/api/seccomp-node.ts' },
  { crd: 'crds/seccomprecordings.yaml', types: 'src/core/api/seccomp-recording.ts' },
];
/** Parts of a schema that become types of their own, by field. */
const TITLES = {
  spec: 'Spec',
  status: 'Status',
  'syscalls[]': 'Syscall',
  'args[]': 'Arg',
  'conditions[]': 'Condition',
  'warnings[]': 'LintWarning',
  'spec.rollout': 'Rollout',
  'stages[]': 'Stage',
  'status.rollout': 'RolloutState',
};
const REFERENCE = 'docs/reference.md';

const check = process.argv.includes('--check');
const stale = [];
const sections = [];
for (const { crd, types } of KINDS) {
  const { spec } = parse(readFileSync(crd, 'utf8'));
  const schema = spec.versions[0].schema.openAPIV3Schema;
  write(types, await typescript(spec.names.kind, schema));
  sections.push(section(spec, schema));
}
write(
  REFERENCE,
  `# Reference\n\nGenerated from \`crds/\`. The same text is in \`kubectl explain\`.\n\n${sections.join('\n')}`,
);
write(INSTALLED_OBJECTS, installedObjects());
const chart = chartFiles();
for (const [path, text] of chart) write(path, text);
for (const folder of chartFolders().filter(existsSync)) {
  for (const name of readdirSync(folder)) if (!chart.has(`${folder}/${name}`)) remove(`${folder}/${name}`);
}
if (stale.length) {
  console.error(`stale: ${stale.join(', ')}\nRun: npm run generate`);
  process.exit(1);
}

function write(path, text) {
  let present = '';
  try {
    present = readFileSync(path, 'utf8');
  } catch {
    // Not made yet.
  }
  if (present === text) return;
  if (check) {
    stale.push(path);
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function remove(path) {
  if (check) stale.push(path);
  else rmSync(path);
}

async function typescript(kind, schema) {
  const { properties, ...rest } = jsonSchema(schema, kind);
  const metadata = { tsType: 'ObjectMeta' };
  const body = await compile(
    {
      ...rest,
      properties: { ...properties, metadata },
      required: ['apiVersion', 'kind', 'metadata', ...(rest.required ?? [])],
    },
    kind,
    {
      additionalProperties: false,
      bannerComment: '',
      ignoreMinAndMaxItems: true,
      style: { singleQuote: true, printWidth: 120 },
    },
  );
  const banner = '// Generated from the CRD by scripts/generate.mjs. Do not edit.\n\n';
  return `${banner}import type { ObjectMeta } from './metadata.ts';\n\n${body}`;
}

/** CRD schemas are OpenAPI 3.0; what differs from JSON Schema here is int-or-string, and names for what is nested. */
function jsonSchema(node, kind, name, parent) {
  if (Array.isArray(node)) return node.map(each => jsonSchema(each, kind));
  if (typeof node !== 'object' || node === null) return node;
  if (node['x-kubernetes-int-or-string']) return { type: ['integer', 'string'], description: node.description };
  const title = ['spec', 'status'].includes(name) ? kind + TITLES[name] : (TITLES[`${parent}.${name}`] ?? TITLES[name]);
  const out = title && node.properties ? { title } : {};
  for (const [key, value] of Object.entries(node)) {
    if (key === 'default' || key === 'x-kubernetes-validations') continue;
    if (key === 'properties') {
      out[key] = Object.fromEntries(
        Object.entries(value).map(([each, sub]) => [each, jsonSchema(sub, kind, each, name)]),
      );
    } else {
      out[key] = jsonSchema(value, kind, key === 'items' ? `${name}[]` : undefined);
    }
  }
  return out;
}

function section({ names, group, versions, scope }, schema) {
  const columns = versions[0].additionalPrinterColumns.map(
    ({ name, description = '' }) => `| ${name} | ${description} |`,
  );
  return [
    `## ${names.kind}`,
    '',
    `\`${group}/${versions[0].name}\`, ${scope.toLowerCase()}-scoped; short name \`${names.shortNames[0]}\`.`,
    '',
    escaped(schema.description),
    '',
    '| column | |',
    '|---|---|',
    ...columns,
    '',
    '| field | type | |',
    '|---|---|---|',
    ...rows('spec', schema.properties.spec),
    ...rows('status', schema.properties.status),
    '',
  ].join('\n');
}

function rows(path, node, required = false) {
  if (!node) return [];
  const own = `| \`${path}\` | ${required ? 'required ' : ''}${typeText(node)} | ${escaped(meaning(node))} |`;
  const { properties = {}, required: needed = [] } = node.items ?? node;
  const prefix = node.items ? `${path}[]` : path;
  const nested = Object.entries(properties).flatMap(([name, each]) =>
    rows(`${prefix}.${name}`, each, needed.includes(name)),
  );
  return [own, ...nested];
}

/** The description, and what the rules of the field (or of its items) say to somebody who breaks them. */
function meaning({ description, items, ...own }) {
  const rules = [own, items ?? {}].flatMap(each => each['x-kubernetes-validations'] ?? []);
  return [description, ...rules.map(({ fieldPath, message }) => `${fieldPath.slice(1)}: ${message}.`)].join(' ');
}

/** What Markdown would take for a tag or for the end of a cell. */
function escaped(text) {
  return text.replaceAll('<', '&lt;').replaceAll('|', '\\|');
}

function typeText(node) {
  const bounds = [];
  if (node.minimum !== undefined)
    bounds.push(node.maximum === undefined ? `from ${node.minimum}` : `${node.minimum} to ${node.maximum}`);
  if (node.maxLength) bounds.push(`at most ${node.maxLength} characters`);
  if (node.maxProperties) bounds.push(`at most ${node.maxProperties} entries`);
  if (node.maxItems) bounds.push(`at most ${node.maxItems} items`);
  const values = node.enum ?? node.items?.enum;
  if (values) bounds.push(values.map(value => `\`${value}\``).join(', '));
  const type = node['x-kubernetes-int-or-string']
    ? 'integer or string'
    : node.type === 'array'
      ? `list of ${node.items.type}`
      : node.additionalProperties
        ? `map of ${node.additionalProperties.type}`
        : node.type;
  return bounds.length ? `${type}: ${bounds.join('; ')}` : type;
}
