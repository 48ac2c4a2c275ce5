import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import type { SeccompProfile } from '../../src/core/api/seccomp-profile.ts';
import { resolveBase } from '../../src/core/profile/base.ts';
import { renderVariants } from '../../src/core/profile/variants.ts';

/**
 * Each `<case>.input.yaml` holds SeccompProfiles that know of one another; beside it lies what every one is rendered to,
 * as `<profile>.<key>`. `UPDATE_GOLDEN=1 npm test` writes these files anew: read the difference before you commit it.
 */
const NODE_ARCHITECTURES = ['amd64', 'arm64', 's390x'];
const update = process.env.UPDATE_GOLDEN === '1';

for (const folder of ['render', 'spo']) {
  const directory = join(import.meta.dirname, folder);
  const inputs = readdirSync(directory).filter(file => file.endsWith('.input.yaml'));
  const rendered = new Map(inputs.flatMap(input => [...renderAll(readFileSync(join(directory, input), 'utf8'))]));

  describe(`profiles of test/golden/${folder}`, () => {
    for (const [file, text] of rendered) {
      it(`render to ${file}`, () => {
        if (update) writeFileSync(join(directory, file), text);
        expect(text).to.equal(readFileSync(join(directory, file), 'utf8'));
      });
    }

    it('have no other files', () => {
      const others = readdirSync(directory).filter(file => file.endsWith('.json') && !rendered.has(file));
      if (update) for (const file of others) rmSync(join(directory, file));
      else expect(others).to.deep.equal([]);
    });
  });
}

function* renderAll(yaml: string): Generator<[file: string, text: string]> {
  const documents = parseAllDocuments(yaml, { intAsBigInt: true });
  const profiles = documents.map(document => document.toJS({ reviver: exactInteger }) as SeccompProfile);
  const specs = new Map(profiles.map(({ metadata, spec }) => [metadata.name, spec]));
  for (const [name, spec] of specs) {
    const resolved = resolveBase(name, spec, base => specs.get(base));
    for (const [key, { text }] of renderVariants(resolved, NODE_ARCHITECTURES)) yield [`${name}.${key}`, text];
  }
}

/** What `parseExact` makes of the API server's answer: a string of digits where a number would lose some. */
function exactInteger(_key: unknown, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
