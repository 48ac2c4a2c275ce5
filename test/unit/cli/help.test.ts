import { expect } from 'chai';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { kubectlSeccomp } from '../../support/cli.ts';

describe('the help of kubectl seccomp', () => {
  for (const { name } of [{ name: '' }, ...COMMANDS]) {
    it(`fits 100 columns: ${name || 'all commands'}`, async () => {
      const { text, code } = await kubectlSeccomp(...(name ? [name] : []), '--help');
      expect(code).to.equal(0);
      expect(text.split('\n').filter(line => line.length > 100)).to.deep.equal([]);
    });
  }

  it('has examples that the command line takes', () => {
    for (const { name, examples, operands, options } of COMMANDS) {
      expect(examples, name).to.not.have.lengthOf(0);
      for (const example of examples) {
        const flags = [...example.matchAll(/--([a-z-]+)/g)].map(([, flag = '']) => flag);
        expect(example.startsWith(name), example).to.equal(true);
        for (const flag of flags.filter(each => each !== 'security-opt'))
          expect([...Object.keys(options), 'help', 'output'], `${example} (${operands})`).to.include(flag);
      }
    }
  });
});
