import { parseArgs } from 'node:util';
import { type Command, type Given, UsageError } from './command.ts';
import { exportProfile } from './commands/export.ts';
import { generate } from './commands/generate.ts';
import { importProfile } from './commands/import.ts';
import { migrate } from './commands/migrate.ts';
import { nodes } from './commands/nodes.ts';
import { render } from './commands/render.ts';
import { status } from './commands/status.ts';
import { uninstall } from './commands/uninstall.ts';
import { COMMON, helpOf, helpOfAll } from './help.ts';

/** In the order in which one meets them. */
const COMMANDS: readonly Command[] = [
  generate,
  render,
  importProfile,
  exportProfile,
  status,
  nodes,
  migrate,
  uninstall,
];

main(process.argv.slice(2)).then(
  code => {
    process.exitCode = code;
  },
  error => {
    process.stderr.write(`kubectl seccomp: ${error.message}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  if (['', '-h', '--help', 'help'].includes(name)) {
    process.stdout.write(helpOfAll(COMMANDS));
    return name ? 0 : 2;
  }
  const command = COMMANDS.find(each => each.name === name);
  if (!command) throw new UsageError(`there is no command "${name}"; see kubectl seccomp --help`);
  const given = read(command, args);
  if (given.options['help']) {
    process.stdout.write(helpOf(command));
    return 0;
  }
  const { length } = given.operands;
  if (length < command.least || length > command.most)
    throw new UsageError(`${name} takes ${command.operands || 'no operand'}; see kubectl seccomp ${name} --help`);
  const { text, notes = '', code } = await command.run(given);
  process.stdout.write(text);
  process.stderr.write(notes);
  return code;
}

function read(command: Command, args: readonly string[]): Given {
  try {
    const options = { ...command.options, ...COMMON };
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { operands: positionals, options: values };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
