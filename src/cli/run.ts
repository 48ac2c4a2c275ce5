import { parseArgs } from 'node:util';
import { printable } from '../core/status/printable.ts';
import { type Command, type Given, type Outcome, UsageError } from './command.ts';
import { COMPLETE, completions } from './completion.ts';
import { helpOf, helpOfAll, optionsOf } from './help.ts';

/** Carries out one command line. Throws {@link UsageError} for one that cannot be used, any other error for what failed. */
export async function run(commands: readonly Command[], [name = '', ...args]: readonly string[]): Promise<Result> {
  if (['', '-h', '--help', 'help'].includes(name)) return { text: helpOfAll(commands), code: name ? 0 : 2 };
  if (name === COMPLETE) return { text: completions(commands, args), code: 0 };
  const command = commands.find(each => each.name === name);
  if (!command) throw new UsageError(`there is no command "${name}"; see kubectl seccomp --help`);
  const given = read(command, args);
  if (given.options['help']) return { text: helpOf(command), code: 0 };
  const { length } = given.operands;
  if (length < command.least || length > command.most)
    throw new UsageError(`${name} takes ${command.operands || 'no operand'}; see kubectl seccomp ${name} --help`);
  return command.run(given);
}

/** What went wrong, for a terminal: what was given on the command line may be repeated in it. */
export const complaintOf = (error: Error): string => error.message.split('\n').map(printable).join('\n');

export type Result = Omit<Outcome, 'code'> & { readonly code: 0 | 1 | 2 };

function read(command: Command, args: readonly string[]): Given {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: optionsOf(command), allowPositionals: true });
    return { operands: positionals, options: values };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
