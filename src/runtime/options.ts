import { parseArgs } from 'node:util';

/** One setting of a program: a flag, its environment twin, and what `--help` says of it. */
export interface OptionSpec {
  /** Environment variable read when the flag is not given. */
  readonly env: string;
  /** Used when neither is given; without it the setting is required. */
  readonly default?: string;
  /** Stands for the value in `--help`. */
  readonly placeholder: string;
  readonly description: string;
  /** Says what is wrong with a value, or nothing when it is good. */
  readonly check?: (value: string) => string | undefined;
}

export interface ProgramSpec<Name extends string> {
  readonly name: string;
  readonly summary: string;
  readonly options: Readonly<Record<Name, OptionSpec>>;
  /** What else `--help` should say, after the options. */
  readonly notes?: string;
}

/** The command line cannot be used: the program ends with status 2 and this message. */
export class UsageError extends Error {}

/** The settings by name, or the help text when it was asked for. Throws {@link UsageError} naming the flag. */
export function readOptions<Name extends string>(
  program: ProgramSpec<Name>,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): { help: string } | { values: Record<Name, string> } {
  const names = Object.keys(program.options) as Name[];
  const flags = parseFlags(program, names, argv);
  if (flags['help'] === true) return { help: helpText(program, names) };
  const values = {} as Record<Name, string>;
  for (const name of names) {
    const spec = program.options[name];
    const value = (flags[name] as string | undefined) ?? env[spec.env] ?? spec.default;
    if (value === undefined) throw new UsageError(`--${name} is required (or set ${spec.env}): ${spec.description}`);
    const problem = spec.check?.(value);
    if (problem) throw new UsageError(`--${name} (${spec.env}): ${problem}`);
    values[name] = value;
  }
  return { values };
}

function parseFlags<Name extends string>(program: ProgramSpec<Name>, names: Name[], argv: readonly string[]) {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const name of names) options[name] = { type: 'string' };
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}. See: ${program.name} --help`);
  }
}

function helpText<Name extends string>(program: ProgramSpec<Name>, names: Name[]): string {
  const lines = [`Usage: ${program.name} [OPTIONS]`, '', program.summary, '', 'Options (environment in brackets):'];
  for (const name of names) {
    const spec = program.options[name];
    const fallback = spec.default === undefined ? 'required' : `default ${spec.default || '""'}`;
    lines.push(`  --${name} ${spec.placeholder}  [${spec.env}]`, `      ${spec.description} (${fallback})`);
  }
  lines.push('  -h, --help', '      Show this help.');
  if (program.notes) lines.push('', program.notes);
  return `${lines.join('\n')}\n`;
}

/** A TCP port; 0 means: none. */
export function checkPort(value: string): string | undefined {
  const port = Number(value);
  const good = /^\d+$/.test(value) && port <= 65_535;
  return good ? undefined : `"${value}" is no port: use 0 (none) to 65535`;
}
