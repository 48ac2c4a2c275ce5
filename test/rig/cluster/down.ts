import { parseArgs } from 'node:util';
import { ask, NotRunning } from './control.ts';
import { removeRemains } from './remains.ts';

const { values } = parseArgs({ options: { name: { type: 'string', default: 'dev' } } });

try {
  await ask(values.name, 'down', line => process.stdout.write(`  ${line}\n`)).catch(async error => {
    if (!(error instanceof NotRunning)) throw error;
    await removeRemains(values.name);
  });
  process.stdout.write(`cluster ${values.name} is down\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
