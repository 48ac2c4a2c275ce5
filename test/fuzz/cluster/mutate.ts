import fc from 'fast-check';
import { TEXTS } from './schema.ts';

type Tree = Record<string, unknown> | unknown[];

/** One change somewhere in an object. */
interface Edit {
  readonly at: number;
  readonly kind: 'replace' | 'remove' | 'add' | 'double' | 'nest' | 'swap';
  readonly text: string;
  readonly value: unknown;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(1_000_000),
  kind: fc.constantFrom('replace', 'remove', 'add', 'double', 'nest', 'swap'),
  text: fc.oneof(TEXTS, fc.constantFrom('includes', 'name', 'Action', 'status', 'minKernel')),
  value: fc.oneof(
    TEXTS,
    fc.constantFrom<unknown>(null, true, -1, 1.5, 4095, 2 ** 31, 1e300, [], {}, [[]], 2n ** 63n, [null]),
  ),
});

/** Objects with one to three changes each: fields gone, doubled, moved, of another type, unknown ones put in. */
export function mutatedObjects(base: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(base, fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([object, edits]) => edits.reduce(applied, structuredClone(object)));
}

function applied(object: unknown, { at, kind, text, value: constant }: Edit): unknown {
  // Or later changes would be made to it.
  const value = structuredClone(constant);
  const places = [...placesIn(object)];
  const [tree, key] = places[at % Math.max(1, places.length)] ?? [];
  if (!tree || key === undefined) return object;
  const present = (tree as Record<string, unknown>)[key];
  if (kind === 'replace') put(tree, key, value);
  else if (kind === 'remove') remove(tree, key);
  else if (kind === 'add' && !Array.isArray(tree)) put(tree, text, value);
  // A field of a list is in no JSON, and one named `constructor` breaks the list.
  else if (kind === 'add' || kind === 'double') append(tree, kind === 'add' ? value : structuredClone(present));
  else if (kind === 'nest') put(tree, key, deep(present, at % 200));
  else put(tree, key, structuredClone(places[(at * 7) % places.length]?.[0]));
  return object;
}

/** Every field and every item, however deep. */
function* placesIn(value: unknown): Generator<[Tree, string]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    yield [value as Tree, key];
    yield* placesIn(each);
  }
}

function put(tree: Tree, key: string, value: unknown): void {
  Object.defineProperty(tree, key, { value, enumerable: true, configurable: true, writable: true });
}

function append(tree: Tree, value: unknown): void {
  if (Array.isArray(tree)) tree.push(value);
}

function remove(tree: Tree, key: string): void {
  if (Array.isArray(tree)) tree.splice(Number(key), 1);
  else delete tree[key];
}

function deep(value: unknown, levels: number): unknown {
  let nested = value;
  for (let level = 0; level < levels; level++) nested = [nested];
  return nested;
}
