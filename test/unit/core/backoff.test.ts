import { expect } from 'chai';
import { backoffDelay } from '../../../src/core/backoff.ts';

const OPTIONS = { initialMs: 100, maxMs: 1_000 };

describe('the delay before a retry', () => {
  const cases: [string, number, number, number][] = [
    ['begins with half the first step at least', 0, 0, 50],
    ['is the whole step at most', 0, 1, 100],
    ['doubles with each try', 2, 1, 400],
    ['never grows over the most', 9, 1, 1_000],
    ['stays a number after very many tries', 5_000, 0.5, 750],
  ];
  for (const [what, attempt, random, expected] of cases) {
    it(what, () => {
      expect(backoffDelay(attempt, OPTIONS, () => random)).to.equal(expected);
    });
  }
});
