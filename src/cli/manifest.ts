import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import { PROFILE_KIND } from '../core/names.ts';
import { resolveBase } from '../core/profile/base.ts';

/** The text of a file; `-` is standard input. */
export const readText = (file: string): string => readFileSync(file === '-' ? 0 : file, 'utf8');

/**
 * Every object in a YAML or JSON file. An integer that a double would change comes as its decimal text, which is how
 * `args.value` takes it. Throws an error that names the file and line.
 */
export const readObjects = (file: string): unknown[] => objectsIn(file, readText(file));

function objectsIn(file: string, text: string): unknown[] {
  const documents = parseAllDocuments(text, { intAsBigInt: true });
  return documents.map(document => {
    const [error] = document.errors;
    if (error) throw new Error(`${file}: ${error.message}`);
    return withoutBigInts(document.toJS());
  });
}

/** The SeccompProfiles in a file, by name. */
export function readProfiles(file: string, text = readText(file)): Map<string, SeccompProfile> {
  const objects = objectsIn(file, text) as (SeccompProfile | null)[];
  const profiles = objects.filter(object => object?.kind === PROFILE_KIND) as SeccompProfile[];
  if (profiles.length === 0) throw new Error(`${file}: holds no ${PROFILE_KIND}`);
  return new Map(profiles.map(profile => [profile.metadata.name, profile]));
}

/** The profiles in a file that no other one in it uses as its base, each with its base resolved. */
export function resolvedProfiles(file: string, text = readText(file)) {
  const profiles = readProfiles(file, text);
  const bases = new Set([...profiles.values()].map(({ spec }) => spec.baseProfileName));
  return [...profiles.values()]
    .filter(({ metadata }) => !bases.has(metadata.name))
    .map(({ metadata: { name }, spec }) => ({
      name,
      spec: resolveBase(name, spec, base => profiles.get(base)?.spec),
    }));
}

function withoutBigInts(value: unknown): unknown {
  if (typeof value === 'bigint') return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
  if (Array.isArray(value)) return value.map(withoutBigInts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutBigInts(each)]));
}
