import { type Checked, checkTrace, conditionedArguments, outcomesOf, type Refused } from '../../core/check/check.ts';
import { conditionsInWords } from '../../core/words/condition.ts';
import { outcomeInWords } from '../../core/words/outcome.ts';
import { type Command, UsageError } from '../command.ts';
import { formatOf, printObjects, printTable } from '../output.ts';
import { readSource } from '../profile-source.ts';
import { circumstancesOnNode, filterOf, SIMULATION } from '../simulation.ts';
import { readTraces, remarksOn, TRACE_OPTIONS } from '../traces.ts';

export const check: Command = {
  name: 'check',
  operands: 'FILE|NAME',
  least: 1,
  most: 1,
  summary: 'What a profile would refuse of the calls in a trace; exit code 1 if any.',
  options: {
    trace: { type: 'string', multiple: true, value: 'FILE', help: "strace's output or audit records, or -" },
    ...TRACE_OPTIONS,
    ...SIMULATION,
  },
  examples: [
    'check web.yaml --trace strace.log',
    'check web --trace start.log --trace load.log --runtime crun',
    'check default.json --trace strace.log -o json',
  ],
  async run(given) {
    const format = formatOf(given);
    const files = (given.options['trace'] ?? []) as string[];
    if (files.length === 0) throw new UsageError('--trace is missing: say which calls are to be tried');
    const source = await readSource(given.operands[0] ?? '-', circumstancesOnNode(given));
    const filter = filterOf(source, given);
    const trace = readTraces(files, given, conditionedArguments(source.spec));
    const checked = checkTrace(filter, trace);
    return {
      text: format === 'table' ? printChecked(checked) : printObjects(objectOf(source.label, checked), format),
      notes: remarksOn(trace)
        .map(line => `${line}\n`)
        .join(''),
      code: checked.refused.length ? 1 : 0,
    };
  },
};

function printChecked({ calls, kinds, refused }: Checked): string {
  const seen = `${calls} calls of ${kinds} kinds`;
  if (refused.length === 0) return `nothing is refused of ${seen}\n`;
  const rows = refused.map(each => [nameOf(each), resultOf(each), String(each.use.count), placeOf(each), whyOf(each)]);
  const sum = refused.reduce((total, { use }) => total + use.count, 0);
  return `${printTable([['CALL', 'RESULT', 'TIMES', 'FIRST AT', 'WHY'], ...rows])}\n${sum} of ${seen} are refused\n`;
}

function nameOf({ use }: Refused): string {
  const known = [...use.args].filter(([, value]) => value !== undefined);
  const conditions = known.map(([index, value = 0n]) => ({ index, op: 'SCMP_CMP_EQ' as const, value, valueTwo: 0n }));
  return `${use.name}${conditions.length ? `, ${conditionsInWords(use.name, conditions)}` : ''}`;
}

function resultOf(refused: Refused): string {
  const words = [...new Set(outcomesOf(refused).map(outcomeInWords))];
  return words.join(' or ');
}

const placeOf = ({ use: { file, line, pid } }: Refused) =>
  `${file.split('/').at(-1)}:${line}${pid === undefined ? '' : ` pid ${pid}`}`;

function whyOf({ decision: { cause, rule, reason, certainty, architecture } }: Refused): string {
  if (certainty !== 'certain' && reason) return reason;
  switch (cause) {
    case 'architecture':
      return `${architecture} is not listed`;
    case 'new-call':
      return 'newer than all calls named';
    case 'rule':
      return `syscalls[${rule?.index}]`;
    default:
      return 'no rule allows it';
  }
}

const objectOf = (profile: string, { calls, kinds, refused }: Checked) => ({
  profile,
  calls,
  kinds,
  refused: refused.map(each => ({
    call: each.use.name,
    architecture: each.use.arch,
    arguments: Object.fromEntries(
      [...each.use.args].flatMap(([at, value]) => (value === undefined ? [] : [[at, String(value)]])),
    ),
    outcomes: outcomesOf(each),
    rule: each.decision.rule?.index,
    reason: each.decision.reason,
    count: each.use.count,
    file: each.use.file,
    line: each.use.line,
    pid: each.use.pid,
  })),
});
