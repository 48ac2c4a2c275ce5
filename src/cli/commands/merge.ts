import { MergeError, merge as mergeAll } from '../../core/merge/merge.ts';
import { CIRCUMSTANCES, circumstancesOf } from '../circumstances.ts';
import type { Command } from '../command.ts';
import { formatOf, printObjects } from '../output.ts';
import { readSource, type Source } from '../profile-source.ts';
import { printProfile, profileOf } from '../profile-yaml.ts';

export const merge: Command = {
  name: 'merge',
  operands: 'FILE|NAME FILE|NAME...',
  least: 2,
  most: Number.POSITIVE_INFINITY,
  summary: 'One profile that lets pass what any of several lets pass.',
  options: {
    name: { type: 'string', value: 'NAME', help: "of the SeccompProfile; else the first one's" },
    ...CIRCUMSTANCES,
  },
  examples: ['merge web.yaml debug.yaml --name web-debug', 'merge default.json web.yaml > web-on-default.yaml'],
  async run(given) {
    const format = formatOf(given);
    const circumstances = circumstancesOf(given);
    const [first, ...others] = await Promise.all(given.operands.map(word => readSource(word, circumstances)));
    const { spec, notes } = mergeSources(first as Source, others);
    const profile = profileOf(String(given.options['name'] ?? first?.name), spec);
    const head = [`Merged of ${given.operands.map(word => word.split('/').at(-1)).join(', ')}.`];
    return {
      text: format === 'json' ? printObjects(profile, format) : printProfile(profile, { head }),
      notes: notes.map(note => `${note}\n`).join(''),
      code: 0,
    };
  },
};

function mergeSources(first: Source, others: readonly Source[]) {
  try {
    return mergeAll(first.spec, ...others.map(({ spec }) => spec));
  } catch (error) {
    throw error instanceof MergeError ? new Error(error.message) : error;
  }
}
