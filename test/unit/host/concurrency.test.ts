import { expect } from 'chai';
import { forEachLimited, Serial } from '../../../src/host/concurrency.ts';

describe('doing a few things at a time', () => {
  it('does each once, never more than the limit together', async () => {
    const done: number[] = [];
    let running = 0;
    let most = 0;
    await forEachLimited([1, 2, 3, 4, 5, 6, 7], 3, async item => {
      most = Math.max(most, ++running);
      await new Promise(resolve => setImmediate(resolve));
      running--;
      done.push(item);
    });
    expect(done.sort()).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
    expect(most).to.equal(3);
  });
});

describe('doing one thing at a time', () => {
  it('keeps the order of the calls, also after one that failed', async () => {
    const serial = new Serial();
    const order: string[] = [];
    const slow = serial.run(async () => {
      await new Promise(resolve => setImmediate(resolve));
      order.push('slow');
      throw new Error('failed');
    });
    const quick = serial.run(async () => order.push('quick'));
    expect(await slow.catch((error: Error) => error.message)).to.equal('failed');
    await quick;
    expect(order).to.deep.equal(['slow', 'quick']);
  });
});
