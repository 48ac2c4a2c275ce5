import { expect } from 'chai';
import { specsOnAPlane } from '../fuzz/cluster/cluster.ts';
import { fuzzRendered } from '../fuzz/cluster/rendered.ts';
import { fuzzReports } from '../fuzz/cluster/reports.ts';

/** The same inputs each time, so that a failure is of what was changed. */
const seed = 20261125;

/** The short form; `npm run fuzz -- cluster` asks about 100,000 objects, from a new seed each time. */
describe(`what others write, at random (seed ${seed})`, function () {
  this.timeout(600_000);

  it('specs: what the API server takes is rendered, loaded by runtimes, and foretold by the simulator', async () => {
    const tallies = await specsOnAPlane({ objects: 1_000, seed }, 8);
    expect(tallies.of('taken')).to.be.greaterThan(100);
  });

  it('rendered ConfigMaps: no agent ends, leaves its directory, or stops reporting', async () => {
    const tallies = await fuzzRendered({ objects: 500, seed });
    expect(tallies.of('written: 200')).to.be.greaterThan(50);
  });

  it('node reports: no operator ends, and what is true of other nodes is told', async () => {
    const tallies = await fuzzReports({ objects: 500, seed });
    expect(tallies.of('about own: 200')).to.be.greaterThan(50);
    expect(tallies.of('about other: 200') + tallies.of('about none: 200')).to.equal(0);
  });
});
