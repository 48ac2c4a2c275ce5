import { expect } from 'chai';
import { loadLibc } from '../../../src/host/netlink/libc.ts';

const EBADF = 9;

describe('loadLibc', () => {
  it('can be called again in one process', async () => {
    await loadLibc();
    const libc = await loadLibc();
    expect(libc.attachFilter(-1, 1, 26, { len: 1, filter: Buffer.alloc(8) }, 16)).to.equal(-1);
    expect(libc.errno()).to.equal(EBADF);
  });
});
