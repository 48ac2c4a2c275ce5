import { closest } from '../../core/lint/closest.ts';
import { type Decision, decide } from '../../core/simulate/decide.ts';
import type { Filter } from '../../core/simulate/filter.ts';
import {
  allSyscallNames,
  isKnownSyscall,
  kernelVersion,
  type SyscallArch,
  syscallName,
  syscallNumber,
} from '../../core/syscalls/table.ts';
import { type Case, casesOf } from '../../core/words/call.ts';
import { conditionsInWords, parseValue } from '../../core/words/condition.ts';
import { isAllowed, outcomeInWords } from '../../core/words/outcome.ts';
import { type Command, UsageError } from '../command.ts';
import { formatOf, printObjects, printTable } from '../output.ts';
import { readSource } from '../profile-source.ts';
import { circumstancesOnNode, environmentOf, filterOf, SIMULATION } from '../simulation.ts';

const MOST_ARGUMENTS = 6;

export const explain: Command = {
  name: 'explain',
  operands: 'FILE|NAME CALL [ARG...]',
  least: 2,
  most: 2 + MOST_ARGUMENTS,
  summary: 'What a profile does with a call, and which rule decides; exit code 1 if refused.',
  options: SIMULATION,
  examples: [
    'explain examples/seed.yaml clone',
    'explain web socket AF_INET SOCK_STREAM',
    'explain web.yaml personality 0xffffffff --arch arm64 --runtime crun',
  ],
  async run(given) {
    const format = formatOf(given);
    const [profile = '-', word = '', ...rest] = given.operands;
    const args = rest.map(argumentOf);
    const call = nameOf(word, environmentOf(given).native);
    const filter = filterOf(await readSource(profile, circumstancesOnNode(given)), given);
    const architectures = [...filter.rules.keys()].filter(
      arch => syscallNumber(arch as SyscallArch, call) !== undefined,
    ) as SyscallArch[];
    const native = filter.environment.native;
    if (architectures.length === 0) throw new Error(`${native} has no call ${call}`);
    const answers = architectures.map(architecture => ({
      architecture,
      decision: decide(filter, { architecture, call, args }),
      cases: casesOf(filter, architecture, call),
    }));
    const [first] = answers;
    return {
      text:
        format === 'table'
          ? print(filter, call, args.length > 0, answers)
          : printObjects(answers.map(objectOf), format),
      code: first?.decision.candidates.some(isAllowed) ? 0 : 1,
    };
  },
};

interface Answer {
  readonly architecture: SyscallArch;
  readonly decision: Decision;
  readonly cases: readonly Case[];
}

/** A call by its name, or by the number that it has on the node's own architecture. */
function nameOf(word: string, native: SyscallArch): string {
  const name = /^\d{1,10}$/.test(word) ? syscallName(native, Number(word)) : word;
  if (name !== undefined && isKnownSyscall(name)) return name;
  const meant = closest(word, allSyscallNames());
  throw new UsageError(`there is no system call "${word}"${meant ? `; is ${meant} meant?` : ''}`);
}

function argumentOf(text: string): bigint | undefined {
  if (text === '_') return undefined;
  const value = parseValue(text);
  if (value === undefined)
    throw new UsageError(`"${text}" is no argument: write a number, a constant such as AF_INET, or _ for any`);
  return BigInt.asUintN(64, value);
}

/** What is the same on several architectures is said once. */
function print(filter: Filter, call: string, isAsked: boolean, answers: readonly Answer[]): string {
  const { runtime } = filter.environment;
  const since = kernelVersion(call);
  const head = `${call}${since ? `, since Linux ${since}` : ''}; on ${runtime.name}${runtime.version ? ` ${runtime.version}` : ''}\n`;
  const keyOf = ({ decision, cases }: Answer) => JSON.stringify([decision.candidates, decision.reason, cases]);
  const groups = Map.groupBy(answers, keyOf);
  return head + [...groups.values()].map(group => printGroup(isAsked, group)).join('');
}

function printGroup(isAsked: boolean, group: readonly Answer[]): string {
  const [{ decision, cases }] = group as readonly [Answer];
  const where = group.map(({ architecture }) => architecture.replace('SCMP_ARCH_', '').toLowerCase()).join(', ');
  const results = [...new Set(decision.candidates.map(outcomeInWords))].join(' or ');
  const rows = cases.map(({ outcome, when, rule }) => [
    rule === undefined ? othersOf(decision) : `syscalls[${rule}]`,
    outcomeInWords(outcome),
    when === undefined ? (cases.length > 1 ? 'in all other cases' : 'whatever the arguments are') : `if ${when}`,
  ]);
  const conclusion = isAsked ? `: ${results}${decidedBy(decision)}` : '';
  // Without arguments it is plain that the result depends on them.
  const reason = decision.reason && (isAsked || cases.length === 1) ? `${decision.reason}\n` : '';
  return `\n${where}${conclusion}\n${reason}${printTable(rows)}`;
}

function decidedBy({ rule, name, cause }: Decision): string {
  if (cause !== 'rule' || !rule) return '';
  const conditions = conditionsInWords(name ?? '', rule.conditions);
  return `, by syscalls[${rule.index}]${conditions ? `: ${conditions}` : ''}`;
}

const OTHERS: Partial<Record<Decision['cause'], string>> = {
  architecture: 'architectures',
  'new-call': 'the runtime',
  'never-filtered': 'the kernel',
};
const othersOf = ({ cause }: Decision) => OTHERS[cause] ?? 'defaultAction';

const objectOf = ({ architecture, decision, cases }: Answer) => ({
  call: decision.name,
  number: decision.number,
  architecture,
  outcomes: decision.candidates,
  certainty: decision.certainty,
  cause: decision.cause,
  rule: decision.rule?.index,
  reason: decision.reason,
  cases,
});
