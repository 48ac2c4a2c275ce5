import type { Mode } from '../../core/profile/mode.ts';
import { renderProfile } from '../../core/profile/render.ts';
import { type Command, UsageError } from '../command.ts';
import { resolvedProfiles } from '../manifest.ts';

const MODES: readonly Mode[] = ['Audit', 'Enforce', 'Kill'];

export const render: Command = {
  name: 'render',
  operands: 'FILE',
  least: 1,
  most: 1,
  summary: 'The exact bytes a node gets.',
  options: {
    arch: { type: 'string', value: 'ARCH', default: 'amd64', help: 'node architecture as Go names it' },
    mode: { type: 'string', value: MODES.join('|'), help: 'in this mode, such as that of a stage of a rollout' },
  },
  examples: ['render examples/seed.yaml', 'render examples/seed.yaml --arch arm64 --mode Audit'],
  run({ operands: [file = '-'], options: { arch, mode } }) {
    if (mode !== undefined && !isMode(mode)) throw new UsageError(`--mode ${String(mode)}: use ${MODES.join(', ')}`);
    const inMode = mode === undefined ? {} : { mode };
    const files = resolvedProfiles(file).map(({ spec }) => renderProfile({ ...spec, ...inMode }, String(arch)));
    return { text: files.join(''), code: 0 };
  },
};

const isMode = (mode: unknown): mode is Mode => MODES.some(each => each === mode);
