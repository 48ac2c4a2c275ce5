import type { SeccompProfile } from '../../core/api/seccomp-profile.ts';
import { PROFILE_PLURAL } from '../../core/names.ts';
import { findCondition } from '../../core/status/conditions.ts';
import { oneOrAll } from '../cluster.ts';
import type { Command } from '../command.ts';
import { formatOf, printObjects, printTable } from '../output.ts';

export const status: Command = {
  name: 'status',
  operands: '[NAME]',
  least: 0,
  most: 1,
  summary: 'Where profiles stand, and what keeps them from being Ready.',
  options: {},
  examples: ['status', 'status seed', 'status -o json'],
  async run(given) {
    const format = formatOf(given);
    const [name] = given.operands;
    const profiles = await oneOrAll<SeccompProfile>(PROFILE_PLURAL, name);
    return {
      text: format === 'table' ? printTable(rows(profiles)) : printObjects(profiles, format),
      code: profiles.every(profile => ready(profile)?.status === 'True') ? 0 : 1,
    };
  },
};

const ready = (profile: SeccompProfile) => findCondition(profile.status?.conditions, 'Ready');

function rows(profiles: readonly SeccompProfile[]): string[][] {
  const lines = profiles.map(profile => {
    const { status: state = 'Unknown', message = 'the operator has not seen it yet' } = ready(profile) ?? {};
    return [profile.metadata.name, state, profile.status?.nodes?.summary ?? '-', message];
  });
  return [['NAME', 'READY', 'NODES', 'STATUS'], ...lines];
}
