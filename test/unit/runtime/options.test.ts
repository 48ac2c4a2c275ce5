import { expect } from 'chai';
import { checkPort, type ProgramSpec, readOptions, UsageError } from '../../../src/runtime/options.ts';

const PROGRAM: ProgramSpec<'node' | 'port'> = {
  name: 'agent',
  summary: 'Installs profiles.',
  options: {
    node: { env: 'NODE_NAME', placeholder: 'NAME', description: 'The node.' },
    port: { env: 'PORT', default: '9181', placeholder: 'PORT', description: 'Of metrics.', check: checkPort },
  },
  notes: 'See the manual.',
};
const read = (argv: string[], env: Record<string, string> = {}) => readOptions(PROGRAM, argv, env);

describe('the settings of a program', () => {
  const good: [string, string[], Record<string, string>, object][] = [
    ['come from flags', ['--node', 'a', '--port=1'], {}, { node: 'a', port: '1' }],
    ['come from the environment', [], { NODE_NAME: 'a', PORT: '1' }, { node: 'a', port: '1' }],
    ['come from the flag where both are given', ['--node', 'a'], { NODE_NAME: 'b' }, { node: 'a', port: '9181' }],
    ['have defaults', ['--node', 'a'], {}, { node: 'a', port: '9181' }],
  ];
  for (const [what, argv, env, values] of good) {
    it(what, () => {
      expect(read(argv, env)).to.deep.equal({ values });
    });
  }

  const bad: [string, string[], string][] = [
    ['are required where they have no default', [], '--node is required (or set NODE_NAME): The node.'],
    ['are checked', ['--node', 'a', '--port', 'x'], '--port (PORT): "x" is no port: use 0 (none) to 65535'],
    ['are known', ['--nod', 'a'], "Unknown option '--nod'"],
    ['are given by flag, not by position', ['a'], "Unexpected argument 'a'"],
    ['have a value', ['--node'], "Option '--node <value>' argument missing. See: agent --help"],
  ];
  for (const [what, argv, message] of bad) {
    it(`${what}, or the program says what is wrong`, () => {
      expect(() => read(argv)).to.throw(UsageError, message);
    });
  }

  it('are explained on request, though required ones are missing', () => {
    expect(read(['-h'])).to.deep.equal({
      help: [
        'Usage: agent [OPTIONS]',
        '',
        'Installs profiles.',
        '',
        'Options (environment in brackets):',
        '  --node NAME  [NODE_NAME]',
        '      The node. (required)',
        '  --port PORT  [PORT]',
        '      Of metrics. (default 9181)',
        '  -h, --help',
        '      Show this help.',
        '',
        'See the manual.',
        '',
      ].join('\n'),
    });
  });
});

describe('a port', () => {
  for (const good of ['0', '1', '65535'])
    it(`may be ${good}`, () => {
      expect(checkPort(good)).to.equal(undefined);
    });
  for (const bad of ['', '-1', '65536', '1e3', ' 80', '80a'])
    it(`is not "${bad}"`, () => {
      expect(checkPort(bad)).to.contain(`"${bad}" is no port`);
    });
});
