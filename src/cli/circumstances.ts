import { type Circumstances, NODE_ARCHITECTURES, parseCapabilities } from '../core/convert/circumstances.ts';
import { FormatError } from '../core/convert/format-error.ts';
import { parseKernel } from '../core/convert/read-docker.ts';
import { type Given, type Options, UsageError } from './command.ts';

/** For which nodes and containers the conditions of a Docker profile are decided. */
export const CIRCUMSTANCES: Options = {
  arch: { type: 'string', value: 'ARCH[,ARCH]', default: 'amd64', help: 'node architectures as Go names them' },
  capabilities: {
    type: 'string',
    value: 'CAPS',
    default: 'default',
    help: "the container's: default, none, all, NAME, -NAME, ...",
  },
  kernel: { type: 'string', value: 'X.Y', default: '5.10', help: 'the oldest kernel of the nodes' },
};

export function circumstancesOf({ options }: Given): Circumstances {
  const architectures = String(options['arch']).split(',');
  const unknown = architectures.find(each => !NODE_ARCHITECTURES.includes(each));
  if (unknown !== undefined) throw new UsageError(`--arch ${unknown}: use ${NODE_ARCHITECTURES.join(', ')}`);
  const capabilities = parseCapabilities(String(options['capabilities']));
  if ('unknown' in capabilities)
    throw new UsageError(`--capabilities: there is no "${capabilities.unknown}"; capabilities(7) has the names`);
  return { architectures, capabilities, kernel: kernelOf(String(options['kernel'])) };
}

function kernelOf(text: string) {
  try {
    return parseKernel(text.split('.').slice(0, 2).join('.'), '--kernel');
  } catch (error) {
    throw error instanceof FormatError ? new UsageError(error.message) : error;
  }
}
