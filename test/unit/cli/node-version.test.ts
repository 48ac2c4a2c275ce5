import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { nodeProblem } from '../../../src/cli/node-version.ts';

describe('the Node that kubectl seccomp runs on', () => {
  it('is as new as package.json says', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
    const least = engines.node.replace('>=', '');
    expect(nodeProblem(`${least}.0`)).to.equal(undefined);
    expect(nodeProblem('24.1.0')).to.equal(undefined);
    for (const old of ['20.20.2', '22.18.9'])
      expect(nodeProblem(old)).to.equal(`needs Node.js ${least} or newer, and the node on the PATH is ${old}`);
  });
});
