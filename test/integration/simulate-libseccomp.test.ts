import { expect } from 'chai';
import fc from 'fast-check';
import { cases, MACHINES } from '../support/filter/arbitrary.ts';
import { compare, Figures } from '../support/filter/compare.ts';
import { Libseccomp } from '../support/filter/libseccomp.ts';

/** More with SIMULATE_PROFILES; a failure names seed and path: SIMULATE_SEED and SIMULATE_PATH run it again. */
const PROFILES = Number(process.env['SIMULATE_PROFILES'] ?? 10_000);
const QUERIES = 6;

describe('simulator and libseccomp', function () {
  this.timeout(600_000);
  let library: Libseccomp;

  before(() => {
    library = new Libseccomp();
  });

  after(() => library.stop());

  it(`agree on ${PROFILES} random profiles`, async () => {
    const figures = new Figures();
    const { SIMULATE_SEED: seed, SIMULATE_PATH: path } = process.env;
    await fc.assert(
      fc.asyncProperty(cases(MACHINES, QUERIES), each => compare(each, library, figures)),
      { numRuns: PROFILES, ...(seed && { seed: Number(seed) }), ...(path && { path }) },
    );
    console.log(`      libseccomp ${await library.version}, ${figures.lines().join('\n      ')}`);
    expect(figures.openShare).to.be.lessThan(5);
  });
});
