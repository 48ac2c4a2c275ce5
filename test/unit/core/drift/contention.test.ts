import { expect } from 'chai';
import { Contention } from '../../../../src/core/drift/contention.ts';

/** Repairs a file as soon as it may be, against somebody who alters it at once; the waits in between. */
function fight(contention: Contention, rounds: number, from = 0): { waits: number[]; now: number } {
  const waits: number[] = [];
  let now = from;
  for (let round = 0; round < rounds; round++) {
    contention.repaired('web.json', now);
    const wait = contention.waitMs('web.json', now);
    waits.push(wait);
    now += wait;
  }
  return { waits, now };
}
const longest = () => new Contention(() => 1);

describe('a file that somebody else alters again and again', () => {
  it('is put right at once a few times, then less and less often, and still once a minute', () => {
    const { waits } = fight(longest(), 13);
    expect(waits).to.deep.equal([
      ...[0, 0, 0, 0],
      ...[1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000],
    ]);
  });

  it('does not delay another one', () => {
    const contention = longest();
    const { now } = fight(contention, 8);
    expect(contention.waitMs('db.json', now)).to.equal(0);
  });

  it('is put right at once again after a minute of calm', () => {
    const contention = longest();
    const { now } = fight(contention, 8);
    contention.repaired('web.json', now + 60_000);
    expect(contention.repairs('web.json')).to.equal(1);
    expect(contention.waitMs('web.json', now + 60_000)).to.equal(0);
  });

  it('stays known for a fight when the other one only pauses', () => {
    const contention = longest();
    const { now } = fight(contention, 8);
    contention.repaired('web.json', now + 59_000);
    expect(contention.repairs('web.json')).to.equal(9);
    expect(contention.waitMs('web.json', now + 59_000)).to.equal(16_000);
  });

  it('is forgotten after the calm', () => {
    const contention = longest();
    const { now } = fight(contention, 8);
    contention.tidy(now + 59_000);
    expect(contention.repairs('web.json')).to.equal(8);
    contention.tidy(now + 60_000);
    expect(contention.repairs('web.json')).to.equal(0);
  });
});
