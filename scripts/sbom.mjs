// Writes dist/sbom.spdx.json: what is in the bundles, as SPDX. npm knows the lock file, the build knows which of its
// packages were bundled; what npm makes up anew each time (time, name of the document) is derived, so that the same
// source gives the same bytes.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const OUTPUT = 'dist/sbom.spdx.json';
const bundled = new Set(JSON.parse(readFileSync('dist/bundled-packages.json', 'utf8')));
const document = JSON.parse(
  execFileSync('npm', ['sbom', '--sbom-format', 'spdx', '--package-lock-only'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  }),
);
const [own] = document.documentDescribes;
const packages = document.packages.filter(each => each.SPDXID === own || bundled.has(each.packageFileName));
const missing = [...bundled].filter(path => !packages.some(each => each.packageFileName === path));
if (missing.length) {
  console.error(`sbom: bundled, and not in the lock file: ${missing.join(', ')}`);
  process.exit(1);
}
for (const each of packages) if (each.SPDXID === own) each.primaryPackagePurpose = 'APPLICATION';
const relationships = packages.map(({ SPDXID }) =>
  SPDXID === own
    ? { spdxElementId: 'SPDXRef-DOCUMENT', relatedSpdxElement: own, relationshipType: 'DESCRIBES' }
    : { spdxElementId: own, relatedSpdxElement: SPDXID, relationshipType: 'CONTAINS' },
);
const hash = createHash('sha256').update(JSON.stringify(packages)).digest('hex').slice(0, 16);
const created = new Date(Number(process.env.SOURCE_DATE_EPOCH ?? 0) * 1000).toISOString().replace('.000Z', 'Z');
const sbom = {
  ...document,
  documentNamespace: `https://seccomp-operator.dev/spdx/${document.name}-${hash}`,
  creationInfo: { ...document.creationInfo, created },
  packages,
  relationships,
};
writeFileSync(OUTPUT, `${JSON.stringify(sbom, null, 2)}\n`);
console.log(`${OUTPUT}: ${packages.length} packages`);
