import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Arg, Syscall } from '../../src/core/api/seccomp-profile.ts';
import { parseExact } from '../../src/core/json/exact.ts';
import { lint } from '../../src/core/lint/lint.ts';
import { DEFAULT_TARGET } from '../../src/core/lint/target.ts';
import type { ResolvedSpec } from '../../src/core/profile/base.ts';
import { renderProfile } from '../../src/core/profile/render.ts';
import { decide } from '../../src/core/simulate/decide.ts';
import { buildFilter } from '../../src/core/simulate/filter.ts';
import type { Row } from '../report/result.ts';
import { profiles } from '../rig/profiles.ts';
import { suite } from '../suite.ts';

const CALLS = ['read', 'openat', 'clone', 'socket', 'ioctl', 'personality', 'mount', 'clone3', 'bpf', 'exit_group'];
const NODE = { native: 'SCMP_ARCH_X86_64', runtime: { name: 'runc' } } as const;
const ARGS = [1n, 2n, 3n, 0n, 0n, 0n];

/**
 * What an author's checks cost, and that they hold on to nothing: each round lints, renders and simulates all profiles
 * anew, and looks at the heap after a collection.
 */
export const simulate = suite(
  'lint, render and simulate: what checks cost, and that they hold on to nothing',
  { profiles: 1000, runs: 5 },
  { profiles: 50, runs: 2 },
  async ({ profiles: count, runs }) => {
    const specs = (await profiles(count)).map(({ spec }, at) => varied(spec, at));
    const rounds = Array.from({ length: runs }, () => oneRound(specs));
    const rows = rounds.map((round, at): Row => [`round ${at + 1}`, ...round]);
    const heap = rounds.map((round, at) => ({ x: at + 1, y: round[3] ?? 0 }));
    return {
      title: `Lint, render and simulate: ${count} profiles, all different, ${CALLS.length} calls simulated for each`,
      columns: ['', 'lint ms', 'render ms', 'simulate ms', 'heap MiB', 'resident MiB'],
      rows,
      notes: ['Memory after a collection. The first round compiles the code and decodes the tables of system calls.'],
      chart: {
        kind: 'lines',
        x: { label: 'rounds', scale: 'linear' },
        y: { label: 'MiB after a collection', scale: 'linear' },
        series: [{ name: 'heap', points: heap }],
      },
    };
  },
);

function oneRound(specs: readonly ResolvedSpec[]): number[] {
  const rendered: string[] = [];
  const linting = timed(() => specs.forEach(spec => void lint(spec, DEFAULT_TARGET)));
  const rendering = timed(() => specs.forEach(spec => void rendered.push(renderProfile(spec, 'amd64'))));
  const simulating = timed(() => rendered.forEach(simulateOne));
  rendered.length = 0;
  collect();
  const { heapUsed, rss } = process.memoryUsage();
  return [linting, rendering, simulating, heapUsed / 2 ** 20, rss / 2 ** 20];
}

/** The seed with a few rules that only this one has, with conditions. */
function varied(spec: ResolvedSpec, at: number): ResolvedSpec {
  const argument = (index: number, value: number, op: Arg['op']): Arg => ({ index, value, op });
  const own: Syscall[] = [
    { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [argument(0, at % 45, 'SCMP_CMP_EQ')] },
    { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [argument(0, 50 + at, 'SCMP_CMP_GT')] },
    { names: ['ioctl'], action: 'SCMP_ACT_ALLOW', args: [argument(1, 0x5401 + at, 'SCMP_CMP_NE')] },
  ];
  return {
    ...spec,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    syscalls: [...(spec.syscalls ?? []), ...own],
  };
}

function simulateOne(rendered: string): void {
  const filter = buildFilter(parseExact(rendered) as ResolvedSpec, NODE);
  for (const call of CALLS) decide(filter, { call, args: ARGS });
}

function timed(work: () => void): number {
  const from = performance.now();
  work();
  return performance.now() - from;
}

function collect(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
