// What must hold before each commit, in the order of how fast it fails.
import { spawnSync } from 'node:child_process';

const STEPS = [
  ['format and lint', 'biome', ['check', '.']],
  ['types', 'tsc', ['--noEmit', '-p', '.']],
  ['generated files', 'node', ['scripts/generate.mjs', '--check']],
  [
    'unit tests',
    'mocha',
    [
      '--reporter',
      'dot',
      '--spec',
      'test/unit/**/*.test.ts',
      '--spec',
      'test/golden/**/*.test.ts',
      '--config',
      '.mocharc.unit.json',
    ],
  ],
];

for (const [name, command, args] of STEPS) {
  const from = performance.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  if (status !== 0) {
    console.error(`verify: ${name} failed (${command} ${args.join(' ')})`);
    process.exit(1);
  }
  console.log(`verify: ${name} ok (${seconds} s)`);
}
