import { existsSync } from 'node:fs';
import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import type { Circumstances } from '../core/convert/circumstances.ts';
import { FormatError } from '../core/convert/format-error.ts';
import { readDockerProfile } from '../core/convert/read-docker.ts';
import { resolve } from '../core/convert/resolve.ts';
import { parseExact } from '../core/json/exact.ts';
import { PROFILE_KIND, PROFILE_PLURAL } from '../core/names.ts';
import { type ResolvedSpec, resolveBase } from '../core/profile/base.ts';
import { list } from './cluster.ts';
import { UsageError } from './command.ts';
import { readText, resolvedProfiles } from './manifest.ts';

/** A profile that a command works on, its bases merged. */
export interface Source {
  /** For a person to tell it by: the file, or the object's name. */
  readonly label: string;
  readonly name: string;
  readonly spec: ResolvedSpec;
}

/** Whether a word means a file rather than an object of the cluster. */
export const isFile = (word: string): boolean =>
  word === '-' || word.includes('/') || /\.(ya?ml|json)$/.test(word) || existsSync(word);

/** The one profile that a word stands for: see `readSources`. */
export async function readSource(word: string, circumstances: Circumstances): Promise<Source> {
  const [only, other, ...more] = await readSources(word, circumstances);
  if (!only) throw new Error(`${word}: holds no profile`);
  if (!other) return only;
  const names = [only, other, ...more].map(({ name }) => name).join(', ');
  throw new UsageError(`${word}: holds several profiles (${names}); put the one that is meant into a file of its own`);
}

/**
 * The profiles that a word stands for: those of a manifest, the JSON of Docker, Podman or OCI (decided for the circumstances),
 * or the object of the cluster with that name.
 */
export async function readSources(word: string, circumstances: Circumstances): Promise<Source[]> {
  const found = isFile(word) ? fromFile(word, circumstances) : await fromCluster(word);
  return found.map(each => ({ label: word, ...each }));
}

function fromFile(file: string, circumstances: Circumstances) {
  const text = readText(file);
  if (!text.trimStart().startsWith('{')) return resolvedProfiles(file, text);
  const json = readJson(file, text);
  if ((json as { kind?: unknown }).kind === PROFILE_KIND) return resolvedProfiles(file, text);
  try {
    return [{ name: nameOf(file), spec: resolve(readDockerProfile(json), circumstances).spec }];
  } catch (error) {
    throw error instanceof FormatError ? new Error(`${file}: ${error.message}`) : error;
  }
}

/** JSON whose long integers keep every digit. */
export function readJson(file: string, text: string): unknown {
  try {
    return parseExact(text);
  } catch (error) {
    throw new Error(`${file}: is no JSON: ${(error as Error).message}`);
  }
}

/** The object of the cluster with that name. */
export async function fromCluster(name: string) {
  const all = new Map((await list<SeccompProfile>(PROFILE_PLURAL)).map(each => [each.metadata.name, each.spec]));
  const spec = all.get(name);
  if (!spec) throw new Error(`there is no SeccompProfile "${name}" in the cluster, and no such file`);
  return [{ name, spec: resolveBase(name, spec, base => all.get(base)) }];
}

/** A name for an object made of a file: what RFC 1123 lets a name be. */
export function nameOf(file: string): string {
  const [base = ''] = (file.split('/').at(-1) ?? '').split('.');
  return (
    base
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '') || 'profile'
  );
}
