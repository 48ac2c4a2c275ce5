import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import { PROFILE_KIND } from '../core/names.ts';
import { resolveBase } from '../core/profile/base.ts';
import { renderProfile } from '../core/profile/render.ts';

/** The files of all profiles in a manifest that no other one in it uses as its base. */
export function render(file: string, architecture: string): string {
  const profiles = readProfiles(file);
  const bases = new Set([...profiles.values()].map(({ spec }) => spec.baseProfileName));
  const chosen = [...profiles.values()].filter(({ metadata }) => !bases.has(metadata.name));
  return chosen
    .map(({ metadata, spec }) => resolveBase(metadata.name, spec, name => profiles.get(name)?.spec))
    .map(resolved => renderProfile(resolved, architecture))
    .join('');
}

function readProfiles(file: string): Map<string, SeccompProfile> {
  // As bigints, since a double would change large argument values; rendering takes them as decimal text.
  const documents = parseAllDocuments(readFileSync(file === '-' ? 0 : file, 'utf8'), { intAsBigInt: true });
  const objects = documents.map(document => {
    const [error] = document.errors;
    if (error) throw new Error(`${file}: ${error.message}`);
    return withoutBigInts(document.toJS()) as SeccompProfile | null;
  });
  const profiles = objects.filter(object => object?.kind === PROFILE_KIND) as SeccompProfile[];
  if (profiles.length === 0) throw new Error(`${file}: holds no ${PROFILE_KIND}`);
  return new Map(profiles.map(profile => [profile.metadata.name, profile]));
}

function withoutBigInts(value: unknown): unknown {
  if (typeof value === 'bigint') return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
  if (Array.isArray(value)) return value.map(withoutBigInts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutBigInts(each)]));
}
