// The files that `kubectl apply -k manifests/base` reads.
import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { parse } from 'yaml';

export const BASE = 'manifests/base';
/** What may be installed beside it, with the chart's value that says so. */
export const OPTIONAL = new Map([
  ['manifests/components/profile-limits/profile-limits.yaml', '.Values.profileLimits.enabled'],
]);

/** Their paths, in kustomize's order. */
export function manifestFiles(directory = BASE) {
  const { resources } = parse(readFileSync(join(directory, 'kustomization.yaml'), 'utf8'));
  return resources.flatMap(each => {
    const path = normalize(join(directory, each));
    return path.endsWith('.yaml') ? [path] : manifestFiles(path);
  });
}
