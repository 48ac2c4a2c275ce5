// Fuzzing: `npm run fuzz [-- INPUTS [SEED]]` of the parsers, one million inputs in all unless told otherwise;
// `npm run fuzz -- cluster [OBJECTS [SEED]]` of what goes through a real API server. See docs/fuzzing.md.
import { fuzzCluster } from './cluster/cluster.ts';
import { run } from './target.ts';
import { TARGETS } from './targets.ts';

const [first, ...rest] = process.argv.slice(2);
const isCluster = first === 'cluster';
const [inputs = isCluster ? '100000' : '1000000', seed] = isCluster ? rest : [first, ...rest];
const from = seed === undefined ? Date.now() % 2 ** 31 : Number(seed);
if (isCluster) await fuzzCluster({ objects: Number(inputs), seed: from, progress: line => console.log(line) });
else fuzzParsers(Math.ceil(Number(inputs) / TARGETS.length), from);

function fuzzParsers(each: number, from: number): void {
  console.log(`${each} inputs for each of ${TARGETS.length} targets, seed ${from}`);
  for (const target of TARGETS) {
    const started = performance.now();
    run(target, each, from);
    console.log(`${target.name}: ${each} inputs, ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
}
