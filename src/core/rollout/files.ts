import type { Labels } from '../fleet/place.ts';
import type { ResolvedSpec } from '../profile/base.ts';
import { digestOf } from '../profile/digest.ts';
import { checkSize, pickVariantKey, type Rendered, renderVariants } from '../profile/variants.ts';
import { type Form, type Holding, hasLabels } from './holding.ts';
import type { BeforeFile } from './state.ts';

/** Key of the ConfigMap that says which nodes take which files; absent where all take the same. */
export const TABLE_KEY = 'nodes.json';

/** For nodes with these labels, the files whose keys begin so; the first entry that fits decides, else those without prefix. */
export interface TableEntry {
  readonly nodeSelector: Labels;
  readonly prefix: string;
}

/** A file of which only the digest is known is one that nodes held before: its text is in the ConfigMap already. */
export type Kept = Rendered | { readonly digest: string };

/**
 * All files of a profile that nodes of these architectures should hold, by key of the ConfigMap: without prefix for most of
 * them, and with the name of the form where some nodes hold another one. What they held before stays there to go back to.
 */
export function filesOf(
  resolved: ResolvedSpec,
  architectures: ReadonlySet<string>,
  { others, selected }: Holding,
  before: readonly BeforeFile[],
): Map<string, Kept> {
  const group = (form: Form) =>
    form === 'Before'
      ? withoutGaps(before, resolved, architectures)
      : renderVariants({ ...resolved, mode: form }, architectures);
  const files = new Map<string, Kept>(group(others));
  const forms = new Set(selected.map(each => each.form));
  for (const form of forms) if (form !== others) addAll(files, prefixOf(form), group(form));
  if (others !== 'Before') addAll(files, prefixOf('Before'), asFiles(before));
  if (selected.length) {
    const table: TableEntry[] = selected.map(({ nodeSelector, form }) => ({
      nodeSelector,
      prefix: form === others ? '' : prefixOf(form),
    }));
    const text = `${JSON.stringify(table)}\n`;
    files.set(TABLE_KEY, { text, digest: digestOf(text) });
  }
  checkSize([...files.values()].flatMap(file => ('text' in file ? [file.text] : [])));
  return files;
}

const prefixOf = (form: Form): string => `${form.toLowerCase()}.`;

function addAll(files: Map<string, Kept>, prefix: string, group: ReadonlyMap<string, Kept>): void {
  for (const [key, file] of group) files.set(prefix + key, file);
}

const asFiles = (before: readonly BeforeFile[]): Map<string, Kept> =>
  new Map(before.map(({ key, digest }) => [key, { digest }]));

/** An architecture that has joined since held nothing before: it gets the form that refuses nothing. */
function withoutGaps(
  before: readonly BeforeFile[],
  resolved: ResolvedSpec,
  architectures: ReadonlySet<string>,
): Map<string, Kept> {
  const files = asFiles(before);
  const missing = [...architectures].filter(each => !pickVariantKey(files.keys(), each));
  if (missing.length === 0) return files;
  for (const [key, file] of renderVariants({ ...resolved, mode: 'Audit' }, missing)) files.set(key, file);
  return files;
}

/** The files that most nodes hold, which is all nodes where there is no table. */
export function commonFiles(digests: ReadonlyMap<string, string>): BeforeFile[] {
  return [...digests].flatMap(([key, digest]) => (isCommon(key) ? [{ key, digest }] : []));
}

/** `profile.json`, `amd64.json`: one dot. */
const isCommon = (key: string): boolean => key !== TABLE_KEY && key.split('.').length === 2;

/** The key that a node takes; nothing where the operator has not rendered for its architecture yet. */
export function pickKey(
  keys: Iterable<string>,
  table: readonly TableEntry[],
  architecture: string,
  labels: Labels,
): string | undefined {
  const entry = table.find(({ nodeSelector }) => hasLabels(labels, nodeSelector));
  return pickVariantKey(keys, architecture, entry?.prefix);
}

/** Reads the table out of a ConfigMap. Throws where it is not one. */
export function readTable(text: string | undefined): readonly TableEntry[] {
  const table: unknown = text === undefined ? [] : JSON.parse(text);
  if (!Array.isArray(table) || !table.every(isEntry)) throw new Error('it is no list of nodeSelector and prefix');
  return table;
}

function isEntry(entry: unknown): entry is TableEntry {
  const { nodeSelector, prefix } = (entry ?? {}) as Partial<TableEntry>;
  return typeof nodeSelector === 'object' && nodeSelector !== null && typeof prefix === 'string';
}
