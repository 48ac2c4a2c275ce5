import { writeDocker } from '../../core/convert/write-docker.ts';
import { renderProfile } from '../../core/profile/render.ts';
import { CIRCUMSTANCES, circumstancesOf } from '../circumstances.ts';
import { type Command, UsageError } from '../command.ts';
import { readSource } from '../profile-source.ts';

export const exportProfile: Command = {
  name: 'export',
  operands: 'FILE|NAME',
  least: 1,
  most: 1,
  summary: 'A SeccompProfile with its bases as JSON for Docker, Podman, a runtime.',
  options: {
    format: {
      type: 'string',
      value: 'oci|docker',
      default: 'oci',
      help: 'oci: for one architecture, as a node gets it; docker: for any',
    },
    arch: { ...CIRCUMSTANCES['arch'], type: 'string', value: 'ARCH', help: 'node architecture as Go names it' },
  },
  examples: [
    'export examples/seed.yaml > seed.json',
    'export seed --format docker > seed.json  # --security-opt seccomp=seed.json',
  ],
  async run(given) {
    const { format, arch } = given.options;
    if (format !== 'oci' && format !== 'docker') throw new UsageError(`--format ${format}: use oci or docker`);
    const circumstances = circumstancesOf({
      ...given,
      options: { capabilities: 'default', kernel: '5.10', ...given.options },
    });
    const { spec } = await readSource(given.operands[0] ?? '-', circumstances);
    return { text: format === 'oci' ? renderProfile(spec, String(arch)) : writeDocker(spec), code: 0 };
  },
};
