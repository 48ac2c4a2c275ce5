import { expect } from 'chai';
import fc from 'fast-check';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { complaintOf, run } from '../../../src/cli/run.ts';

/** Those that ask no cluster, as long as each operand is a file. */
const LOCAL = ['check', 'completion', 'diff', 'explain', 'export', 'generate', 'import', 'lint', 'merge', 'render'];
const FILES = [
  'examples/seed.yaml',
  'examples/seed-profile.json',
  'examples/with-base.yaml',
  './package.json',
  './LICENSE',
];
const STRANGE = [
  './src',
  '/dev/null',
  './no-such.yaml',
  './a\u0001b.yaml',
  './\u001b[31m.yaml',
  `./${'x'.repeat(5000)}.yaml`,
];

/** What a program's own mistake is, rather than an answer to a person. */
const MISTAKES = [TypeError, RangeError, ReferenceError, SyntaxError];
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are looked for.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/** No argument of a process holds a NUL. */
const anyText = fc.string({ unit: 'binary', maxLength: 40 }).map(text => text.replaceAll('\0', ''));
const junk = fc.oneof(anyText, fc.constantFrom('', '-1', '1e999', '__proto__', 'x86_64', 'v1.2', 'json'));
const operand = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...FILES) },
  { weight: 1, arbitrary: fc.constantFrom(...STRANGE) },
  { weight: 1, arbitrary: junk.map(text => `./${text}/x.json`) },
);

const commandLine = fc
  .constantFrom(...COMMANDS.filter(({ name }) => LOCAL.includes(name)))
  .chain(({ name, options }) => {
    const flags = ['output', ...Object.keys(options), 'no-such-flag'].map(each => `--${each}`);
    const flag = fc
      .tuple(fc.constantFrom(...flags), fc.option(junk))
      .map(([key, value]) => (value === null ? key : `${key}=${value}`));
    return fc.array(fc.oneof(operand, flag), { maxLength: 5 }).map(words => [name, ...words]);
  });

describe('whatever is on the command line', () => {
  it('there is an answer for a person, without control characters', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(commandLine, async words => {
        try {
          const { text, notes = '', code } = await run(COMMANDS, words);
          expect(code).to.be.oneOf([0, 1, 2]);
          expect(text + notes).not.to.match(CONTROL);
        } catch (error) {
          expect(
            MISTAKES.filter(each => error instanceof each),
            (error as Error).stack,
          ).to.deep.equal([]);
          expect(complaintOf(error as Error))
            .to.match(/\S/)
            .and.not.match(CONTROL);
        }
      }),
      { numRuns: 2_000, seed: 79 },
    );
  });
});
