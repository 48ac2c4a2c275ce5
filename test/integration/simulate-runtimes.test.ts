import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Syscall } from '../../src/core/api/seccomp-profile.ts';
import { parseExact } from '../../src/core/json/exact.ts';
import type { ResolvedSpec } from '../../src/core/profile/base.ts';
import { renderProfile } from '../../src/core/profile/render.ts';
import { decide } from '../../src/core/simulate/decide.ts';
import type { Runtime } from '../../src/core/simulate/environment.ts';
import { buildFilter } from '../../src/core/simulate/filter.ts';
import { syscallNames, syscallNumber } from '../../src/core/syscalls/table.ts';
import { Containers, hasRuntime } from '../rig/container.ts';
import { until } from '../rig/until.ts';
import { X86_64 } from '../support/filter/arbitrary.ts';
import { execute, type Instruction, readProgram } from '../support/filter/bpf.ts';
import { AUDIT, isSame, outcomeOfValue } from '../support/filter/compare.ts';
import { Libseccomp } from '../support/filter/libseccomp.ts';

const DUMP = join(import.meta.dirname, '../support/filter/loaded.py');

/** Others by SIMULATE_RUNTIMES, separated by commas. */
const PROGRAMS = (process.env['SIMULATE_RUNTIMES'] ?? 'runc,crun').split(',');

/** What the program says of itself. */
function runtimeOf(program: string): Required<Runtime> {
  const said = hasRuntime(program) ? execFileSync(program, ['--version'], { encoding: 'utf8' }) : '';
  const [, name, version = ''] = /^(\S+) version (\S+)/.exec(said) ?? [];
  return { name: name === 'crun' ? 'crun' : 'runc', version };
}

const without = (...names: string[]): string[] =>
  [...syscallNames('SCMP_ARCH_X86_64')].filter(each => !names.includes(each));

const equal = (index: number, value: number | string) => ({ index, value, op: 'SCMP_CMP_EQ' }) as const;
const allow = (...names: string[]): Syscall => ({ names, action: 'SCMP_ACT_ALLOW' });

const RULES: Syscall[] = [
  { names: ['ptrace'], action: 'SCMP_ACT_ALLOW', args: [equal(0, 16), equal(3, '0xffffffffffffffff')] },
  { names: ['personality'], action: 'SCMP_ACT_LOG', args: [equal(0, 0), equal(0, 8)] },
  { names: ['socketpair', 'semop', 'mmap2', 'stat64'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 },
];

// libseccomp 2.5 has no number of map_shadow_stack on x32.
const SPARED = ['map_shadow_stack', 'ptrace', 'personality', 'socketpair', 'semop', 'kexec_load', 'bpf'];

/** Each lets busybox's sleep start. The highest number that is named differs, and so does what else is in the filter. */
const PROFILES: [what: string, spec: ResolvedSpec][] = [
  [
    'a default that refuses, nothing newer than clone3',
    { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [allow(...olderThan('openat2', without(...SPARED))), ...RULES] },
  ],
  [
    'a default that kills, with i386',
    {
      defaultAction: 'SCMP_ACT_KILL_PROCESS',
      architectures: ['SCMP_ARCH_X86'],
      syscalls: [allow(...olderThan('mount_setattr', without(...SPARED))), ...RULES],
    },
  ],
  [
    'a default that refuses, with all three architectures',
    {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 5,
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
      syscalls: [allow(...olderThan('epoll_pwait2', without(...SPARED))), ...RULES],
    },
  ],
  ['a default that lets pass', { defaultAction: 'SCMP_ACT_ALLOW', syscalls: RULES }],
  [
    'a default that logs, with x32',
    { defaultAction: 'SCMP_ACT_LOG', architectures: ['SCMP_ARCH_X32'], syscalls: [...RULES, allow('read')] },
  ],
];

/** A number with arguments that RULES ask for, and without. */
function* queries(): Iterable<{ number: number; args: bigint[] }> {
  for (let number = 0; number < 600; number++) {
    yield { number, args: [0n, 0n, 0n, 0n, 0n, 0n] };
    yield { number, args: [16n, 1n, 1n, 2n ** 64n - 1n, 1n, 1n] };
    yield { number, args: [8n, 1n, 1n, 2n ** 32n - 1n, 1n, 1n] };
  }
}

/** The names whose numbers on x86_64 are below that of a call. */
function olderThan(limit: string, names: readonly string[]): string[] {
  const number = (name: string) => syscallNumber('SCMP_ARCH_X86_64', name) ?? 0;
  return names.filter(name => number(name) < number(limit));
}

describe('simulator and what real runtimes load', function () {
  this.timeout(300_000);
  let containers: Containers;
  let library: Libseccomp;

  before(() => {
    const missing = PROGRAMS.filter(program => !hasRuntime(program));
    if (missing.length)
      throw new Error(`these tests start containers: apt-get install ${missing.join(' ')} busybox-static`);
    containers = new Containers();
    library = new Libseccomp();
  });

  after(() => {
    containers?.close();
    library?.stop();
  });

  for (const program of PROGRAMS) {
    const { name, version } = runtimeOf(program);
    for (const [what, spec] of PROFILES) {
      it(`${name} ${version}: ${what}`, async () => {
        const profile = renderProfile(spec, 'amd64');
        const loaded = await programOf(program, profile);
        const libseccomp = await library.version;
        const filter = buildFilter(parseExact(profile) as ResolvedSpec, {
          native: 'SCMP_ARCH_X86_64',
          runtime: { name, version },
          libseccomp,
        });
        expect(await isBuiltHere({ name, version }, profile, loaded), 'as this harness builds it').to.equal(true);
        for (const architecture of X86_64.family) {
          for (const { number, args } of queries()) {
            const call = { architecture, call: architecture === 'SCMP_ARCH_X32' ? number + 0x40000000 : number, args };
            const decision = decide(filter, call);
            if (decision.cause === 'never-filtered') continue;
            const data = { number: call.call, architecture: AUDIT[architecture], args: [...args] };
            const really = outcomeOfValue(execute(loaded, data, 'little'));
            if (!isSame(decision, really))
              expect.fail(`${architecture} ${number}: simulated ${decision.action}, really ${JSON.stringify(really)}`);
          }
        }
      });
    }
  }

  /** What the kernel holds of a container that is up. */
  async function programOf(runtime: string, profile: string): Promise<Instruction[]> {
    const marker = `1000.${process.pid}${Math.floor(performance.now())}`;
    const options = { runtime, noNewPrivileges: true, profile, args: ['sleep', marker] };
    const container = containers.start(options, 60_000);
    const pid = await until(`sleep ${marker} to be up`, () => Promise.resolve(pidOf(marker)), { timeoutMs: 30_000 });
    try {
      return readProgram(
        Buffer.from(execFileSync('python3', [DUMP, String(pid)], { encoding: 'utf8' }), 'base64'),
        'little',
      );
    } finally {
      process.kill(pid, 'SIGKILL');
      await container.outcome;
    }
  }

  /** The harness of the other tests makes the same program of it; runc's own part stands in front of it. */
  async function isBuiltHere(runtime: Runtime, profile: string, loaded: readonly Instruction[]): Promise<boolean> {
    const built = await library.build({ profile, runtime, native: 'x86_64' });
    if ('error' in built) return false;
    const own = loaded.slice(loaded.length - built.program.length);
    return JSON.stringify(own) === JSON.stringify(built.program);
  }
});

/** The program whose last argument is the marker, once it is itself. */
function pidOf(marker: string): number | undefined {
  for (const each of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${each}/cmdline`, 'utf8').split('\0');
      if (words[0] === 'sleep' && words[1] === marker) return Number(each);
    } catch {
      // It has ended meanwhile.
    }
  }
  return undefined;
}
