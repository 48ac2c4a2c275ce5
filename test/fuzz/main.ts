// Fuzzes every parser: `npm run fuzz [-- INPUTS [SEED]]`, one million inputs in all unless told otherwise.
import { run } from './target.ts';
import { TARGETS } from './targets.ts';

const [inputs = '1000000', seed] = process.argv.slice(2);
const each = Math.ceil(Number(inputs) / TARGETS.length);
const from = seed === undefined ? Date.now() % 2 ** 31 : Number(seed);
console.log(`${each} inputs for each of ${TARGETS.length} targets, seed ${from}`);
for (const target of TARGETS) {
  const started = performance.now();
  run(target, each, from);
  console.log(`${target.name}: ${each} inputs, ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
