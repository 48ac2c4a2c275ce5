import { expect } from 'chai';
import { formatOf, printTable } from '../../../src/cli/output.ts';

describe('output of kubectl seccomp', () => {
  it('lines up columns, without trailing blanks', () => {
    expect(
      printTable([
        ['NAME', 'READY'],
        ['a-long-name', 'True'],
        ['b', 'False'],
      ]),
    ).to.equal('NAME         READY\na-long-name  True\nb            False\n');
  });

  it('never prints a line of more than 100 characters', () => {
    const [line = ''] = printTable([['name', 'x'.repeat(200)]]).split('\n');
    expect(line).to.have.lengthOf(100);
    expect(line.endsWith('…')).to.equal(true);
  });

  it('prints what a node says without what moves the cursor', () => {
    expect(printTable([['NAME'], ['\u001b[31ma\r\n']])).to.equal('NAME\n\ufffd[31ma\ufffd\ufffd\n');
  });

  it('says what -o takes', () => {
    expect(() => formatOf({ operands: [], options: { output: 'xml' } })).to.throw('-o xml: use json or yaml');
  });
});
