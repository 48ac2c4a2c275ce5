import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import type { SeccompProfile } from '../../../src/core/api/seccomp-profile.ts';
import { lint } from '../../../src/core/lint/lint.ts';
import { DEFAULT_TARGET } from '../../../src/core/lint/target.ts';
import { resolveBase } from '../../../src/core/profile/base.ts';
import { loadProblem } from '../../../src/core/profile/loadable.ts';
import { renderProfile } from '../../../src/core/profile/render.ts';

const directory = join(import.meta.dirname, '../../../examples');
const text = (file: string) => readFileSync(join(directory, file), 'utf8');
const files = readdirSync(directory).filter(file => file.endsWith('.yaml'));
const profilesIn = (file: string) => parseAllDocuments(text(file)).map(each => each.toJS() as SeccompProfile);
const specs = new Map(files.flatMap(profilesIn).map(({ metadata, spec }) => [metadata.name, spec]));

describe('the examples', () => {
  for (const [name, spec] of specs) {
    it(`have a profile "${name}" that a runtime can load`, () => {
      const resolved = resolveBase(name, spec, base => specs.get(base));
      expect(loadProblem(renderProfile(resolved, 'amd64'))).to.equal(undefined);
    });
  }

  it('have nothing that the linter warns of, but for the seed, which shows the form', () => {
    for (const [name, spec] of specs) {
      const findings = lint(
        resolveBase(name, spec, base => specs.get(base)),
        DEFAULT_TARGET,
      );
      const grave = findings.filter(({ severity }) => severity !== 'info').map(({ rule }) => rule);
      expect(new Set(grave), name).to.deep.equal(
        new Set(name === 'seed' ? ['cannot-start', 'may-not-start', 'clone3-eperm', 'signal-argument'] : []),
      );
    }
  });

  it('render the seed profile to what it was made of', () => {
    const seed = specs.get('seed');
    if (!seed) throw new Error('examples/seed.yaml has no profile "seed"');
    const { clone, ...rest } = byCall(JSON.parse(renderProfile(seed, 'amd64')));
    const { clone: original, ...others } = byCall(JSON.parse(text('seed-profile.json')));
    expect(rest).to.deep.equal(others);
    // What runtimes read where it is left out (OCI runtime specification, "valueTwo").
    const { args, ...same } = original as { args: object[] };
    expect(clone).to.deep.equal({ ...same, args: args.map(each => ({ ...each, valueTwo: 0 })) });
  });
});

/** Meaning without order: what the file says of each call, and of all the others. */
function byCall({ syscalls, ...rest }: { syscalls: { names: string[] }[] }): Record<string, unknown> {
  return { ...rest, ...Object.fromEntries(syscalls.flatMap(({ names, ...rule }) => names.map(name => [name, rule]))) };
}
