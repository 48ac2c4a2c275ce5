import type { Finding, Severity } from '../../core/lint/finding.ts';
import { lint as check } from '../../core/lint/lint.ts';
import { NATIVE_ARCHITECTURES } from '../../core/lint/native.ts';
import { type LintedProfile, sarif } from '../../core/lint/sarif.ts';
import { type LintTarget, parseRuntime, type Runtime } from '../../core/lint/target.ts';
import { own } from '../../core/own.ts';
import { VERSION } from '../../runtime/version.ts';
import { CIRCUMSTANCES, circumstancesOf } from '../circumstances.ts';
import { type Command, type Given, UsageError } from '../command.ts';
import { findingsText } from '../findings-text.ts';
import { readText } from '../manifest.ts';
import { formatOf, OUTPUT, printObjects } from '../output.ts';
import { Positions } from '../positions.ts';
import { isFile, readSources, type Source } from '../profile-source.ts';

const SETTINGS = ['any', 'true', 'false'];
/** Severities that make the command end with 1, by what `--fail-on` says. */
const FAILING: Readonly<Record<string, readonly Severity[]>> = {
  error: ['error'],
  warning: ['error', 'warning'],
  info: ['error', 'warning', 'info'],
  never: [],
};

export const lint: Command = {
  name: 'lint',
  operands: 'FILE|NAME',
  least: 1,
  most: 1,
  summary: 'What a profile does that its author may not expect, and what to change.',
  options: {
    runtime: {
      type: 'string',
      value: 'any|NAME[@VERSION],...',
      default: 'any',
      help: 'what starts the containers: runc@1.1.12, crun',
    },
    'privilege-escalation': {
      type: 'string',
      value: SETTINGS.join('|'),
      default: 'any',
      help: "the Pods' allowPrivilegeEscalation",
    },
    arch: { ...CIRCUMSTANCES['arch'], type: 'string', help: 'node architectures as Go names them' },
    kernel: { type: 'string', value: 'X.Y', help: 'the oldest kernel of the nodes' },
    libseccomp: { type: 'string', value: 'X.Y.Z', help: "the oldest libseccomp of the nodes' runtimes" },
    'fail-on': {
      type: 'string',
      value: Object.keys(FAILING).join('|'),
      default: 'error',
      help: 'the least severity that ends with exit code 1',
    },
    output: { ...OUTPUT, value: 'json|yaml|sarif' },
  },
  examples: [
    'lint examples/seed.yaml',
    'lint seed --runtime runc@1.1.12 --privilege-escalation false',
    'lint web.yaml --arch amd64,arm64 --kernel 5.15 --fail-on warning',
    'lint web.yaml -o sarif > lint.sarif',
  ],
  async run(given) {
    const [word = '-'] = given.operands;
    const failing = own(FAILING, String(given.options['fail-on']));
    if (!failing) throw new UsageError(`--fail-on ${given.options['fail-on']}: use ${Object.keys(FAILING).join(', ')}`);
    const circumstances = circumstancesOf({
      ...given,
      options: { ...given.options, capabilities: 'default', kernel: given.options['kernel'] ?? '5.10' },
    });
    const target = targetOf(given, circumstances.architectures);
    const sources = await readSources(word, circumstances);
    const profiles = sources.map(source => ({ ...source, findings: check(source.spec, target) }));
    return {
      text: printed(given, word, profiles),
      code: profiles.some(({ findings }) => findings.some(({ severity }) => failing.includes(severity))) ? 1 : 0,
    };
  },
};

function targetOf({ options }: Given, architectures: readonly string[]): LintTarget {
  const escalation = String(options['privilege-escalation']);
  if (!SETTINGS.includes(escalation))
    throw new UsageError(`--privilege-escalation ${escalation}: use any, true, false`);
  const { kernel, libseccomp } = options;
  for (const [name, version] of Object.entries({ kernel, libseccomp })) {
    if (version !== undefined && !/^\d+\.\d+/.test(String(version)))
      throw new UsageError(`--${name} ${version}: write a version such as 5.15`);
  }
  return {
    runtimes: runtimesOf(String(options['runtime'])),
    architectures: architectures.flatMap(each => own(NATIVE_ARCHITECTURES, each) ?? []),
    ...(escalation === 'any' ? {} : { noNewPrivileges: escalation === 'false' }),
    ...(kernel === undefined ? {} : { kernel: String(kernel) }),
    ...(libseccomp === undefined ? {} : { libseccomp: String(libseccomp) }),
  };
}

function runtimesOf(text: string): Runtime[] {
  if (text === 'any') return [{ name: 'runc' }, { name: 'crun' }];
  return text.split(',').map(each => {
    const runtime = parseRuntime(each);
    if (!runtime) throw new UsageError(`--runtime ${each}: use any, runc or crun, perhaps with a version: runc@1.1.12`);
    return runtime;
  });
}

type Linted = Source & { readonly findings: readonly Finding[] };

function printed(given: Given, word: string, profiles: readonly Linted[]): string {
  if (given.options['output'] === 'sarif')
    return printObjects(
      sarif(
        profiles.map(each => located(word, each)),
        VERSION,
      ),
      'json',
    );
  const format = formatOf(given);
  if (format === 'table') return findingsText(profiles);
  return printObjects(
    profiles.map(({ name, findings }) => ({ name, findings })),
    format,
  );
}

function located(word: string, { name, findings }: Linted): LintedProfile {
  if (!isFile(word) || word === '-') return { name, findings };
  const positions = new Positions(readText(word));
  return {
    name,
    file: word,
    findings: findings.map(each => ({ ...each, line: positions.lineOf(name, each.where.field) })),
  };
}
