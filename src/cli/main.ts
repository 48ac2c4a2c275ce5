import { parseArgs } from 'node:util';
import { type Answer, nodes, status } from './cluster.ts';
import { checkFormat, type Format, printObjects, printTable } from './output.ts';
import { render } from './render.ts';
import { USAGE, UsageError } from './usage.ts';

main().then(
  code => {
    process.exitCode = code;
  },
  error => {
    process.stderr.write(`kubectl seccomp: ${error.message}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  const [command, operand] = positionals;
  if (values.help || command === undefined) {
    process.stdout.write(USAGE);
    return values.help ? 0 : 2;
  }
  const format = checkFormat(values.output);
  if (command === 'render') {
    if (!operand) throw new UsageError('render takes a FILE (- for standard input)');
    process.stdout.write(render(operand, values.arch));
    return 0;
  }
  if (command === 'status') return answer(await status(operand), format);
  if (command === 'nodes') return answer(await nodes(), format);
  throw new UsageError(`there is no command "${command}"; see kubectl seccomp --help`);
}

function readArguments() {
  const options = {
    arch: { type: 'string', default: 'amd64' },
    output: { type: 'string', short: 'o' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function answer({ objects, rows, allWell }: Answer, format: Format): number {
  process.stdout.write(format === 'table' ? printTable(rows) : printObjects(objects, format));
  return allWell ? 0 : 1;
}
