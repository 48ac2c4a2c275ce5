import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildOperatorImage } from './operator.ts';

/** `npm run image -- [--output FILE]`: the project's image as an OCI archive. */
const { values } = parseArgs({
  options: { output: { type: 'string', default: join('dist', 'seccomp-operator.tar') } },
});
const { name, archive } = await buildOperatorImage(values.output, line => console.error(`  ${line}`));
console.log(`${name} ${archive}`);
