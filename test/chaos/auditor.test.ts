import { expect } from 'chai';
import { INVARIANTS } from './auditor/findings.ts';
import { ALL_FAULTS } from './faults/faults.ts';
import { MUTANTS, withMutant } from './mutants.ts';
import { runChaos } from './run.ts';

describe('the auditor of the chaos suite', function () {
  this.timeout(300_000);

  it('has a defect to find for each invariant', () => {
    expect(new Set(MUTANTS.map(({ breaks }) => breaks))).to.deep.equal(new Set(Object.keys(INVARIANTS)));
  });

  for (const mutant of MUTANTS)
    it(`finds it when ${mutant.how}`, () =>
      withMutant(mutant, async programs => {
        const kinds = ALL_FAULTS.filter(({ kind }) => mutant.under.some(word => kind.startsWith(word)));
        const { findings } = await runChaos({
          seed: 1,
          faults: 200,
          seconds: 120,
          kinds,
          programs,
          progress: () => {},
          patienceMs: 8_000,
          stopAt: mutant.breaks,
        });
        expect(findings.map(({ invariant }) => invariant)).to.include(mutant.breaks);
      }));
});
