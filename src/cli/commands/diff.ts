import { diff as compare, type Difference, type Group, groupsOf } from '../../core/diff/diff.ts';
import { formOf } from '../../core/profile/form.ts';
import type { SyscallArch } from '../../core/syscalls/table.ts';
import type { Command, Given } from '../command.ts';
import { formatOf, printObjects, wrapped } from '../output.ts';
import { readSource } from '../profile-source.ts';
import { circumstancesOnNode, environmentOf, filterOf, SIMULATION } from '../simulation.ts';

export const diff: Command = {
  name: 'diff',
  operands: 'FILE|NAME FILE|NAME',
  least: 2,
  most: 2,
  summary: 'Which calls a second profile treats otherwise; exit code 1 if any.',
  options: SIMULATION,
  examples: ['diff old.yaml new.yaml', 'diff web web.yaml --runtime crun', 'diff default.json web.yaml -o json'],
  async run(given) {
    const format = formatOf(given);
    const [before = '', after = ''] = given.operands;
    const difference = compare(await filterFor(before, given), await filterFor(after, given));
    const isSame = difference.changes.length + difference.architectures.length === 0;
    return {
      text: format === 'table' ? print(difference, environmentOf(given).native) : printObjects(difference, format),
      code: isSame ? 0 : 1,
    };
  },
};

/** In the form that a node gets: a change of mode is one. */
async function filterFor(word: string, given: Given) {
  const source = await readSource(word, circumstancesOnNode(given));
  return filterOf({ ...source, spec: formOf(source.spec) }, given);
}

function print(difference: Difference, native: SyscallArch): string {
  const groups = groupsOf(difference, native);
  const { architectures } = difference;
  if (groups.length + architectures.length === 0) return 'no call is treated otherwise\n';
  const programs = architectures.map(({ architecture, after }) =>
    after
      ? `programs of ${architecture} may run: the second profile lists it\n`
      : `programs of ${architecture} are killed: the second profile does not list it\n`,
  );
  return [...programs, ...groups.map(printGroup)].join('\n');
}

function printGroup({ kind, calls, before, after, architecture }: Group): string {
  const where = architecture ? ` for programs of ${architecture}` : '';
  const was = wrapped(`was ${before.join('; ')}`, '    ');
  return `${kind}${where}\n${wrapped(calls.join(', '), '  ')}${was}${wrapped(`is ${after.join('; ')}`, '    ')}`;
}
