import type { Mode } from '../../core/profile/mode.ts';
import { renderProfile } from '../../core/profile/render.ts';
import { type Command, UsageError } from '../command.ts';
import { resolvedProfiles } from '../manifest.ts';
import { fromCluster, isFile } from '../profile-source.ts';

const MODES: readonly Mode[] = ['Audit', 'Enforce', 'Kill'];

export const render: Command = {
  name: 'render',
  operands: 'FILE|NAME',
  least: 1,
  most: 1,
  summary: 'The exact bytes a node gets.',
  options: {
    arch: { type: 'string', value: 'ARCH', default: 'amd64', help: 'node architecture as Go names it' },
    mode: { type: 'string', value: MODES.join('|'), help: 'in this mode, such as that of a stage of a rollout' },
  },
  examples: [
    'render examples/seed.yaml',
    'render examples/seed.yaml --arch arm64 --mode Audit',
    'render seed | sha256sum',
  ],
  async run({ operands: [word = '-'], options: { arch, mode } }) {
    if (mode !== undefined && !isMode(mode)) throw new UsageError(`--mode ${String(mode)}: use ${MODES.join(', ')}`);
    const inMode = mode === undefined ? {} : { mode };
    const found = isFile(word) ? resolvedProfiles(word) : await fromCluster(word);
    const files = found.map(({ spec }) => renderProfile({ ...spec, ...inMode }, String(arch)));
    return { text: files.join(''), code: 0 };
  },
};

const isMode = (mode: unknown): mode is Mode => MODES.some(each => each === mode);
