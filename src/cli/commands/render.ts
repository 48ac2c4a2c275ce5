import { renderProfile } from '../../core/profile/render.ts';
import type { Command } from '../command.ts';
import { resolvedProfiles } from '../manifest.ts';

export const render: Command = {
  name: 'render',
  operands: 'FILE',
  least: 1,
  most: 1,
  summary: 'The exact bytes a node gets.',
  options: { arch: { type: 'string', value: 'ARCH', default: 'amd64', help: 'node architecture as Go names it' } },
  examples: ['render examples/seed.yaml', 'render examples/seed.yaml --arch arm64'],
  run({ operands: [file = '-'], options: { arch } }) {
    const files = resolvedProfiles(file).map(({ spec }) => renderProfile(spec, String(arch)));
    return { text: files.join(''), code: 0 };
  },
};
