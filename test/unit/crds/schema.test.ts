import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';

interface Schema {
  type?: string;
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema;
  maxProperties?: number;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-validations'?: { message?: string; fieldPath?: string }[];
}

interface Version {
  schema: { openAPIV3Schema: Schema };
  additionalPrinterColumns: { name: string; jsonPath: string; description?: string }[];
}

const directory = join(import.meta.dirname, '../../../crds');
const files = readdirSync(directory).filter(file => file.startsWith('seccomp'));

for (const file of files) {
  const { spec } = parse(readFileSync(join(directory, file), 'utf8')) as { spec: { versions: [Version] } };
  const [{ schema, additionalPrinterColumns: columns }] = spec.versions;
  const nodes = [...walk('', schema.openAPIV3Schema)];

  describe(`the schema of ${file}`, () => {
    const rules: [string, (node: Schema, path: string) => boolean][] = [
      ['describes every field, for kubectl explain', node => (node.description ?? '').length > 0],
      [
        'bounds every list, and says how it merges',
        node => node.type !== 'array' || Boolean(node.maxItems && node['x-kubernetes-list-type']),
      ],
      ['bounds every string', node => node.type !== 'string' || Boolean(node.maxLength ?? node.enum)],
      ['bounds what is an integer or a string', node => !node['x-kubernetes-int-or-string'] || Boolean(node.maxLength)],
      [
        'bounds every integer of the spec',
        (node, path) => node.type !== 'integer' || !path.startsWith('.spec') || hasRange(node),
      ],
      [
        'names the fields of every object, or bounds how many there are',
        node => node.type !== 'object' || Boolean(node.properties ?? (node.additionalProperties && node.maxProperties)),
      ],
      ['takes no field that it does not know', node => !node['x-kubernetes-preserve-unknown-fields']],
      ['has enums in the words of the specifications or in PascalCase', node => (node.enum ?? []).every(isEnumWord)],
      [
        'has no boolean that may want a third value',
        (node, path) => node.type !== 'boolean' || path === '.spec.disabled',
      ],
      [
        'says at its rules what to do',
        node => (node['x-kubernetes-validations'] ?? []).every(rule => rule.message?.includes(';')),
      ],
    ];
    for (const [what, holds] of rules) {
      it(what, () => {
        expect(nodes.filter(([path, node]) => !holds(node, path)).map(([path]) => path)).to.deep.equal([]);
      });
    }

    it('has columns that show fields which exist', () => {
      const known = new Set(nodes.map(([path]) => path));
      const shown = columns.map(({ jsonPath }) => jsonPath.replace(/\[(\?\(.*?\)|\*)\]/, '[]'));
      expect(shown.filter(path => !path.startsWith('.metadata') && !known.has(path))).to.deep.equal([]);
    });
  });
}

/** Every field but `metadata`, of which a CRD may say nothing. */
function* walk(path: string, node: Schema): Generator<[path: string, node: Schema]> {
  yield [path, node];
  if (node.items) yield* walk(`${path}[]`, node.items);
  if (node.additionalProperties) yield* walk(`${path}{}`, node.additionalProperties);
  for (const [name, each] of Object.entries(node.properties ?? {})) {
    if (path || name !== 'metadata') yield* walk(`${path}.${name}`, each);
  }
}

function hasRange({ minimum, maximum }: Schema): boolean {
  return minimum !== undefined && maximum !== undefined;
}

function isEnumWord(word: string): boolean {
  return /^(SCMP|SECCOMP)_[A-Z0-9_]+$/.test(word) || /^([A-Z][a-z]+)+$/.test(word);
}
