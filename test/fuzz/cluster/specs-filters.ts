import type { ResolvedSpec } from '../../../src/core/profile/base.ts';
import { renderProfile } from '../../../src/core/profile/render.ts';
import type { Call } from '../../../src/core/simulate/decide.ts';
import { buildFilter } from '../../../src/core/simulate/filter.ts';
import { Refusal } from '../../../src/core/simulate/refusal.ts';
import { type SyscallArch, syscallNames, syscallNumber } from '../../../src/core/syscalls/table.ts';
import { Containers, hasRuntime, type Outcome } from '../../rig/container.ts';
import { X86_64 } from '../../support/filter/arbitrary.ts';
import { compare, Figures } from '../../support/filter/compare.ts';
import { Libseccomp } from '../../support/filter/libseccomp.ts';
import { Defect, type Tallies } from './raw.ts';

const MOST_BUILT = 3_000;
const RUNTIMES = ['runc', 'crun'] as const;

/** Specs that the API server took, as the real libseccomp builds them and real runtimes load them. */
export class Filters {
  readonly #library = new Libseccomp();
  readonly #specs: ResolvedSpec[] = [];

  offer(spec: ResolvedSpec): void {
    if (this.#specs.length < MOST_BUILT) this.#specs.push(spec);
  }

  /** The simulator says of each what libseccomp makes of it. Throws a `Defect`. */
  async compared(tallies: Tallies): Promise<void> {
    const figures = new Figures();
    // What runtimes say to NOTIFY before libseccomp is asked is for the containers to show.
    for (const spec of this.#specs.filter(each => !notifies(each))) {
      for (const runtime of RUNTIMES) {
        try {
          await compare({ machine: X86_64, runtime, spec, calls: callsOf(spec) }, this.#library, figures);
        } catch (error) {
          throw new Defect(`${runtime}: ${(error as Error).message}`, JSON.stringify(spec));
        }
      }
    }
    for (const line of figures.lines()) tallies.count(`libseccomp: ${line}`);
  }

  /** Containers under some of them: refused where that is foretold, and never without a filter. */
  async started(tallies: Tallies, most: number): Promise<void> {
    const containers = new Containers();
    try {
      for (const spec of this.#specs.slice(0, most).flatMap(each => [each, lettingStart(each)]))
        for (const runtime of RUNTIMES.filter(hasRuntime))
          tallies.count(`${runtime}: ${await start(containers, runtime, spec)}`);
    } finally {
      containers.close();
    }
  }

  stop(): void {
    this.#library.stop();
  }
}

/** Newer kernels never ask a filter about the first two; libseccomp 2.5 has no number of the last on x32. */
const UNASKED = new Set(['uprobe', 'uretprobe', 'map_shadow_stack']);

/** Each call that the rules name, with arguments at the rules' values. */
function callsOf({ syscalls = [] }: ResolvedSpec): Required<Call>[] {
  const rules = syscalls.slice(0, 20);
  return rules.flatMap(({ names, args = [] }) => {
    const values = [0n, 0n, 0n, 0n, 0n, 0n];
    for (const { index, value = 0 } of args) values[index] = BigInt(value);
    return names.slice(0, 5).flatMap(call =>
      X86_64.family.flatMap((architecture: SyscallArch): Required<Call>[] => {
        if (syscallNumber(architecture, call) === undefined || UNASKED.has(call)) return [];
        const width = architecture === 'SCMP_ARCH_X86' ? 32 : 64;
        return [{ architecture, call, args: values.map(each => BigInt.asUintN(width, each)) }];
      }),
    );
  });
}

/** The same rules, and whatever else a container takes to start. */
function lettingStart({ syscalls = [], ...spec }: ResolvedSpec): ResolvedSpec {
  const named = new Set(syscalls.flatMap(({ names }) => names));
  const names = [...syscallNames('SCMP_ARCH_X86_64')].filter(name => !named.has(name));
  return { ...spec, syscalls: [...syscalls, { names, action: 'SCMP_ACT_ALLOW' }] };
}

/** What the runtimes say where they refuse a profile: libcontainer/seccomp, and crun's src/libcrun/seccomp.c. */
const REFUSED = /seccomp|notify|SCMP_|listenerPath/i;

async function start(containers: Containers, runtime: string, spec: ResolvedSpec): Promise<string> {
  const profile = renderProfile(spec, 'amd64');
  const args = ['grep', '^Seccomp:', '/proc/self/status'];
  const outcome = await containers.run({ runtime, noNewPrivileges: true, profile, args }, 5_000);
  if (/^Seccomp:\s*0/m.test(outcome.stdout)) throw new Defect(`${runtime} ran a container without a filter`, profile);
  if (/^Seccomp:\s*2/m.test(outcome.stdout)) return 'started';
  // The containers' own names begin so too.
  const isRefused = REFUSED.test(outcome.stderr.replaceAll(/seccomp-\d+-\d+/g, ''));
  if (isRefused && !isForetold(runtime, spec)) throw new Defect(`${runtime} refused: ${said(outcome)}`, profile);
  return isRefused ? 'refused, as foretold' : 'did not start: the calls that it takes are refused';
}

function isForetold(runtime: string, spec: ResolvedSpec): boolean {
  // Nobody listens there, and crun asks also where no rule notifies.
  if (spec.listenerPath || spec.flags?.length || notifies(spec)) return true;
  try {
    buildFilter(spec, { native: 'SCMP_ARCH_X86_64', runtime: { name: runtime as 'runc', version: '1.1.5' } });
    return false;
  } catch (error) {
    return error instanceof Refusal;
  }
}

const notifies = (spec: ResolvedSpec): boolean => JSON.stringify(spec).includes('SCMP_ACT_NOTIFY');

const said = ({ stderr, code }: Outcome): string => `${code}: ${stderr.slice(0, 500)}`;
