import { expect } from 'chai';
import { ALL_FAULTS } from './faults/faults.ts';
import { reportText } from './report.ts';
import { runChaos } from './run.ts';

/** Those that take a minute each by their nature: in `npm run chaos` they have their turn. */
const LONG = ['half-open', '1000 profiles'];

/** The short form. All kinds, thousands of faults: `npm run chaos`. */
describe('the system under faults of all kinds', function () {
  this.timeout(900_000);

  it('keeps what must hold, and is right again after each', async () => {
    const seed = Math.floor(Math.random() * 1_000_000);
    const kinds = ALL_FAULTS.filter(({ kind }) => !LONG.some(word => kind.startsWith(word)));
    const report = await runChaos({ seed, faults: 150, seconds: 90, kinds, progress: () => {} });
    expect(report.findings, reportText(report)).to.deep.equal([]);
    expect(report.rounds).to.be.greaterThan(3);
  });
});
