import { mock } from 'node:test';
import { expect } from 'chai';
import { QuietHeap } from '../../../src/runtime/quiet-heap.ts';

describe('the heap of a program that has nothing to do', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('is collected once, when nothing has happened for a while', () => {
    let collected = 0;
    const heap = new QuietHeap(() => collected++, 1_000);
    heap.touched();
    mock.timers.tick(600);
    heap.touched();
    mock.timers.tick(600);
    expect(collected).to.equal(0);
    mock.timers.tick(400);
    expect(collected).to.equal(1);
    mock.timers.tick(10_000);
    expect(collected).to.equal(1);
  });

  it('is collected again after more was done', () => {
    let collected = 0;
    const heap = new QuietHeap(() => collected++, 1_000);
    for (let round = 0; round < 2; round++) {
      heap.touched();
      mock.timers.tick(1_000);
    }
    expect(collected).to.equal(2);
  });
});
