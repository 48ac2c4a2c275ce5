import type { Command, Option, Options } from './command.ts';
import { OUTPUT } from './output.ts';

const HELP: Option = { type: 'boolean', short: 'h', help: 'show this help' };
const EXIT_CODES =
  'Exit codes: 0 all is well; 1 something was found or could not be done; 2 the command line is wrong.\n';
const WORDS =
  'A FILE is a path, a name that ends in .yaml or .json, or - ; any other word is the NAME of an\nobject in the cluster, which KUBECONFIG names as for kubectl.\n';

/** What every command takes besides its own options, unless it says otherwise. */
const COMMON: Options = { output: OUTPUT, help: HELP };

/** All options of a command, its own first. */
export const optionsOf = ({ options }: Command): Options => ({ ...options, ...COMMON, ...options });

export function helpOf(command: Command): string {
  return [
    `Usage: kubectl seccomp ${line(command)} [OPTIONS]\n\n${command.summary}\n`,
    `Options:\n${table(Object.entries(optionsOf(command)).map(optionRow))}`,
    `Examples:\n${command.examples.map(example => `  kubectl seccomp ${example}\n`).join('')}`,
    EXIT_CODES,
  ].join('\n');
}

export function helpOfAll(commands: readonly Command[]): string {
  return [
    'Usage: kubectl seccomp COMMAND [OPTIONS]\n',
    table(commands.map(({ name, summary }) => [name, summary])),
    `${EXIT_CODES}${WORDS}Options and examples of a command: kubectl seccomp COMMAND --help\n`,
  ].join('\n');
}

const line = ({ name, operands }: Command) => (operands ? `${name} ${operands}` : name);

function optionRow([name, { short, value, help, default: otherwise }]: [string, Option]): [string, string] {
  const unlessGiven = typeof otherwise === 'string' ? ` (${otherwise})` : '';
  return [`${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`, `${help}${unlessGiven}`];
}

const table = (rows: readonly (readonly string[])[]) => {
  const width = Math.max(...rows.map(([first = '']) => first.length));
  return rows.map(([first = '', second = '']) => `  ${first.padEnd(width)}  ${second}\n`).join('');
};
