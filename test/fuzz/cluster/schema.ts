import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';

/** What of an OpenAPI schema as CRDs have it says which values there are. */
export interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
}

/** Values for fields of which the schema says too little, by their path (`syscalls[].names[]`). */
export type Hints = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/** The schema of one part of a kind. */
export function schemaOf(crd: string, part: 'spec' | 'status'): Schema {
  const { spec } = parse(readFileSync(join(import.meta.dirname, '../../../crds', crd), 'utf8'));
  return spec.versions[0].schema.openAPIV3Schema.properties[part];
}

/** Objects of a schema, at its edges, and now and then one step beyond. */
export function fromSchema(schema: Schema, hints: Hints = {}, path = ''): fc.Arbitrary<unknown> {
  const hint = hints[path];
  if (hint) return hint;
  if (schema.enum) return rarely(fc.constantFrom(...schema.enum), TEXTS);
  if (schema['x-kubernetes-int-or-string']) return UINT64;
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'integer') return integers(schema);
  if (schema.type === 'string') return strings(schema);
  if (schema.type === 'array') return lists(schema, hints, path);
  if (schema.additionalProperties) {
    return fc.dictionary(
      rarely(fc.constantFrom('pool', 'example.com/pool'), TEXTS),
      fromSchema(schema.additionalProperties, hints, `${path}.*`),
      {
        maxKeys: 5,
      },
    );
  }
  return objects(schema, hints, path);
}

function objects({ properties = {}, required = [] }: Schema, hints: Hints, path: string): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, each]) => {
    const value = fromSchema(each, hints, path ? `${path}.${name}` : name);
    // Absent a little more often than not: an object with everything in it is refused for one thing or another.
    const isThere = required.includes(name) ? 300 : 1;
    return [name, fc.oneof({ weight: isThere, arbitrary: value }, { weight: 1, arbitrary: ABSENT })] as const;
  });
  return fc
    .record(Object.fromEntries(fields))
    .map(record => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== absent)));
}

const absent = Symbol('absent');
const ABSENT = fc.constant(absent);

function lists({ items = {}, minItems = 0, maxItems = 8, ...rest }: Schema, hints: Hints, path: string) {
  const item = fromSchema(items, hints, `${path}[]`);
  const most = Math.min(maxItems, 6);
  const isSet = rest['x-kubernetes-list-type'] === 'set';
  const usual = isSet
    ? fc.uniqueArray(item, { minLength: minItems, maxLength: most, comparator: 'SameValue' })
    : fc.array(item, { minLength: minItems, maxLength: most });
  const full = fc.array(item, { minLength: 1, maxLength: 1 });
  // As many as there may be, and one more.
  const edge = fc
    .tuple(full, fc.constantFrom(maxItems, maxItems + 1, 0))
    .map(([[one], count]) => Array(count).fill(one));
  return rarely(usual, edge, 600);
}

function integers({ minimum, maximum, format }: Schema): fc.Arbitrary<unknown> {
  const [least, most] = format === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [-(2 ** 53), 2 ** 53 - 1];
  const [from, to] = [minimum ?? least, maximum ?? most];
  const within = fc.oneof(fc.constantFrom(from, to), fc.integer({ min: from, max: Math.min(to, from + 200) }));
  return rarely(within, fc.constantFrom<unknown>(from - 1, to + 1, 0.5, 1e300, '1', null, true, [], {}), 300);
}

function strings({ pattern, format, minLength = 0, maxLength = 64 }: Schema): fc.Arbitrary<unknown> {
  const usual =
    format === 'date-time'
      ? TIMES
      : pattern
        ? fc.stringMatching(new RegExp(pattern)).filter(text => text.length <= maxLength)
        : fc.oneof(fc.string({ minLength, maxLength: Math.min(maxLength, 40) }), TEXTS);
  const edge = fc
    .tuple(fc.constantFrom('a', '9', '\u{1F512}', '\u0000', '\u001b[2J'), fc.constantFrom(maxLength, maxLength + 1))
    .map(([piece, length]) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length));
  return rarely(usual, fc.oneof(edge, TEXTS, fc.constantFrom<unknown>(null, 1, [], {})), 200);
}

/** What a careless or hostile hand writes where a text is wanted. */
export const TEXTS = fc.constantFrom(
  ...['', ' ', '.', '..', '../../etc/passwd', '/etc/passwd', 'a/b', 'a\\b', '\u0000', 'a\u0000b', '\n', '\r\n', '\t'],
  ...['__proto__', 'constructor', 'toString', 'null', 'undefined', 'NaN', '-1', '0', '1e400', '18446744073709551616'],
  ...['\u001b[31mred\u001b[0m', '\u202egnp.exe', '\ud800', '\ufeff', '%s%n', '$(id)', '`id`', '{{.}}', '<script>'],
  ...['é', 'e\u0301', '\u212a', '\u017fyscalls', 'A'.repeat(300), '99999999999999999999999999999999999999999999999'],
);

const TIMES = rarely(
  fc.oneof(
    fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map(date => date.toISOString()),
    fc.constantFrom('9999-12-31T23:59:59Z', '2026-01-01T00:00:00+14:00', '2026-01-01T00:00:00.999999999Z'),
  ),
  fc.constantFrom(
    ...['0000-01-01T00:00:00Z', '2016-12-31T23:59:60Z', '2026-02-30T00:00:00Z', '2026-01-01t00:00:00z', 'now', ''],
  ),
  30,
);

/** Unsigned 64-bit integers in every form, and what is none. A number beyond 2^53 is a bigint: see `jsonOf`. */
const UINT64 = rarely(
  fc.oneof(
    fc.constantFrom<unknown>(0, 1, 7, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2n ** 53n + 1n, 2n ** 63n - 1n),
    fc.constantFrom<unknown>('0', '18446744073709551615', '9223372036854775808', '0x0', '0XFFFFFFFFFFFFFFFF', '007'),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(value => String(value)),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(value => `0x${value.toString(16)}`),
  ),
  fc.constantFrom<unknown>(
    ...[-1, 0.5, 1e20, -(2n ** 63n), 2n ** 63n, 2n ** 64n, '18446744073709551616', '0x10000000000000000', '-1', '+1'],
    ...['1.0', '1e3', '0x', ' 1', '1 ', '', 'O_CREAT', '٣', null, true, [], {}],
  ),
);

/** Mostly one, the other once in so many. */
export function rarely<A, B>(usual: fc.Arbitrary<A>, other: fc.Arbitrary<B>, oneIn = 100): fc.Arbitrary<A | B> {
  return fc.oneof({ weight: oneIn, arbitrary: usual }, { weight: 1, arbitrary: other });
}

/** JSON in which bigints are numbers with all their digits. */
export function jsonOf(value: unknown): string {
  const digits = /"@@(-?\d+)@@"/g;
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `@@${each}@@` : each)).replace(digits, '$1');
}
