import { expect } from 'chai';
import fc from 'fast-check';
import { cases, MACHINES } from '../support/filter/arbitrary.ts';
import { compare, Figures } from '../support/filter/compare.ts';
import { Libseccomp } from '../support/filter/libseccomp.ts';

/** More with SIMULATE_PROFILES; a failure names seed and path: SIMULATE_SEED and SIMULATE_PATH run it again. */
const PROFILES = Number(process.env['SIMULATE_PROFILES'] ?? 10_000);
const QUERIES = 6;
/** So that a failure is told even if it takes long to find the smallest profile that shows it. */
const LIMIT_MS = 400_000;

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
      {
        numRuns: PROFILES,
        interruptAfterTimeLimit: LIMIT_MS,
        markInterruptAsFailure: true,
        ...(seed && { seed: Number(seed) }),
        ...(path && { path }),
      },
    );
    console.log(`      libseccomp ${await library.version}, ${figures.lines().join('\n      ')}`);
    expect(figures.openShare).to.be.lessThan(5);
  });
});
