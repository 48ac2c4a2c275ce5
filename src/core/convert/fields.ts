import { UINT64_MAX } from '../profile/uint64.ts';
import { FormatError } from './format-error.ts';

/** How a number that JavaScript would round comes from `parseExact`. */
const LONG = /^\d{1,20}$/;

/**
 * One JSON object, read field by field the way Go's encoding/json reads it for Docker, Podman, containerd and CRI-O: names
 * of fields whatever their case, the last of two wins, `null` is as good as nothing. What was not read is known at the end.
 */
export class Fields {
  readonly path: string;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #spelling: ReadonlyMap<string, string>;
  readonly #read = new Set<string>();

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new FormatError(`${path || 'the profile'}: must be an object, not ${describe(value)}`);
    this.path = path;
    this.#values = new Map(Object.entries(value).map(([key, each]) => [key.toLowerCase(), each]));
    this.#spelling = new Map(Object.keys(value).map(key => [key.toLowerCase(), key]));
  }

  /** Paths of the fields that nobody asked for. */
  get unread(): string[] {
    return [...this.#values.keys()]
      .filter(key => !this.#read.has(key))
      .map(key => this.at(this.#spelling.get(key) ?? key));
  }

  at(key: string): string {
    return this.path ? `${this.path}.${key}` : key;
  }

  value(key: string): unknown {
    this.#read.add(key.toLowerCase());
    return this.#values.get(key.toLowerCase()) ?? undefined;
  }

  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  text(key: string): string | undefined {
    const value = this.value(key);
    if (value !== undefined && typeof value !== 'string')
      throw new FormatError(`${this.at(key)}: must be a string, not ${describe(value)}`);
    return value === '' ? undefined : value;
  }

  texts(key: string): string[] {
    return this.list(key).map((value, at) => {
      if (typeof value === 'string') return value;
      throw new FormatError(`${this.at(key)}[${at}]: must be a string, not ${describe(value)}`);
    });
  }

  list(key: string): unknown[] {
    const value = this.value(key) ?? [];
    if (!Array.isArray(value)) throw new FormatError(`${this.at(key)}: must be a list, not ${describe(value)}`);
    return value;
  }

  /** A small number; nothing where the field is not there. */
  integer(key: string, most: number): number | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value;
    throw new FormatError(`${this.at(key)}: must be an integer from 0 to ${most}, not ${describe(value)}`);
  }

  /** An unsigned 64-bit integer: a number where a JavaScript number can hold it, else its decimal text. */
  uint64(key: string): number | string {
    const value = this.value(key) ?? 0;
    const isInteger = typeof value === 'number' ? Number.isSafeInteger(value) : LONG.test(String(value));
    const number = isInteger && typeof value !== 'object' ? BigInt(value as number | string) : -1n;
    if (number < 0n || number > UINT64_MAX)
      throw new FormatError(`${this.at(key)}: must be an integer from 0 to ${UINT64_MAX}, not ${describe(value)}`);
    return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number.toString();
  }

  oneOf<T extends string>(key: string, values: readonly T[]): T | undefined {
    const value = this.text(key);
    if (value === undefined || values.includes(value as T)) return value as T | undefined;
    throw new FormatError(`${this.at(key)}: "${value}" is none of ${values.join(', ')}`);
  }
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : JSON.stringify(value);
}
