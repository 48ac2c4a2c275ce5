import { wantedArguments } from '../../core/generate/argument-rules.ts';
import { type Generated, type GenerateOptions, generate as make } from '../../core/generate/generate.ts';
import type { Trace } from '../../core/trace/trace.ts';
import { type Command, type Given, UsageError } from '../command.ts';
import { formatOf, printObjects } from '../output.ts';
import { nameOf } from '../profile-source.ts';
import { printProfile, profileOf } from '../profile-yaml.ts';
import { readTraces, remarksOn, TRACE_OPTIONS } from '../traces.ts';

const RUNTIMES = ['any', 'runc', 'crun'] as const;
const ACTIONS = ['SCMP_ACT_ERRNO', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_LOG'] as const;
const MODES = ['Enforce', 'Audit'] as const;
const SETTINGS = ['any', 'false'] as const;

export const generate: Command = {
  name: 'generate',
  operands: '',
  least: 0,
  most: 0,
  summary: 'A profile that allows what traces show: strace, or audit records.',
  options: {
    from: { type: 'string', multiple: true, value: 'FILE', help: 'a trace, or - ; several runs: several times' },
    name: { type: 'string', value: 'NAME', help: 'of the SeccompProfile; else of the first file' },
    runtime: { type: 'string', value: RUNTIMES.join('|'), default: 'any', help: 'what starts the containers' },
    'privilege-escalation': {
      type: 'string',
      value: SETTINGS.join('|'),
      default: 'any',
      help: "the Pods' allowPrivilegeEscalation; false saves calls",
    },
    arguments: { type: 'boolean', help: 'conditions on arguments where they pay (socket, ioctl)' },
    mode: { type: 'string', value: MODES.join('|'), help: 'Audit logs what the profile would refuse' },
    'default-action': {
      type: 'string',
      value: 'ACTION',
      default: ACTIONS[0],
      help: 'or SCMP_ACT_KILL_PROCESS, SCMP_ACT_LOG',
    },
    ...TRACE_OPTIONS,
  },
  examples: [
    'generate --from strace.log > web.yaml',
    'generate --from start.log --from load.log --name web --privilege-escalation false',
    'generate --from /var/log/audit/audit.log --comm nginx --mode Audit',
    'generate --from strace.log --arguments --runtime crun',
  ],
  run(given) {
    const format = formatOf(given);
    const files = (given.options['from'] ?? []) as string[];
    if (files.length === 0) throw new UsageError('--from is missing: say which trace the profile is made of');
    const options = optionsOf(given);
    const trace = readTraces(files, given, options.arguments ? wantedArguments : undefined);
    const generated = make(trace, options);
    const profile = profileOf(String(given.options['name'] ?? nameOf(files[0] ?? '')), generated.spec);
    const remarks = { head: headOf(files, trace, generated), rules: generated.comments };
    return {
      text: format === 'json' ? printObjects(profile, format) : printProfile(profile, remarks),
      notes: [...remarksOn(trace), ...notesOn(generated)].map(line => `${line}\n`).join(''),
      code: isIncomplete(trace) ? 1 : 0,
    };
  },
};

function optionsOf(given: Given): GenerateOptions {
  const { options } = given;
  const mode = options['mode'] === undefined ? undefined : choice(given, 'mode', MODES);
  return {
    runtime: choice(given, 'runtime', RUNTIMES),
    noNewPrivileges: choice(given, 'privilege-escalation', SETTINGS) === 'false',
    arguments: options['arguments'] === true,
    defaultAction: choice(given, 'default-action', ACTIONS),
    ...(mode ? { mode } : {}),
  };
}

function choice<T extends string>({ options }: Given, name: string, values: readonly T[]): T {
  const value = options[name] as T;
  if (!values.includes(value)) throw new UsageError(`--${name} ${value}: use ${values.join(', ')}`);
  return value;
}

/** Somebody has to look: the trace holds calls that the profile does not. */
const isIncomplete = ({ unknown, files }: Trace) => unknown.length > 0 || files.some(({ lost }) => lost);

function headOf(files: readonly string[], trace: Trace, { added }: Generated): string[] {
  const sources = trace.files.map(({ file, calls }) => `${file.split('/').at(-1)} (${calls} calls)`).join(', ');
  const names = new Set(trace.calls.map(({ name }) => name)).size;
  return [
    `Made of ${files.length > 1 ? `${files.length} traces` : 'a trace'}: ${sources}.`,
    `${names} system calls were seen; ${added} more are there for the reasons given.`,
    'What was not run was not seen: trace every path of the program, and try the profile in Audit mode first.',
  ];
}

const notesOn = ({ unconditional }: Generated) =>
  unconditional.map(({ name, why }) => `${name} has no conditions: ${why}`);
