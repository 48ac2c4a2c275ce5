import { expect } from 'chai';
import fc from 'fast-check';
import { parseExact } from '../../src/core/json/exact.ts';
import type { ResolvedSpec } from '../../src/core/profile/base.ts';
import { renderProfile } from '../../src/core/profile/render.ts';
import { type Call, type Decision, decide, type Outcome } from '../../src/core/simulate/decide.ts';
import { buildFilter, type Filter } from '../../src/core/simulate/filter.ts';
import { Refusal } from '../../src/core/simulate/refusal.ts';
import { syscallNumber } from '../../src/core/syscalls/table.ts';
import { type Case, cases, HARMLESS, X86_64 } from '../support/filter/arbitrary.ts';
import { Kernel, type KernelResult } from '../support/filter/kernel.ts';
import { Libseccomp } from '../support/filter/libseccomp.ts';

const PROFILES = Number(process.env['SIMULATE_KERNEL_PROFILES'] ?? 300);
const QUERIES = 6;
/** So that a failure is told even if it takes long to find the smallest profile that shows it. */
const LIMIT_MS = 400_000;
const ENOSYS = 38;

describe('simulator and kernel', function () {
  this.timeout(600_000);
  let library: Libseccomp;
  let kernel: Kernel;
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);

  before(() => {
    if (process.arch !== 'x64') throw new Error('calls are made in instructions of x86_64');
    library = new Libseccomp();
    kernel = new Kernel();
  });

  after(() => {
    library.stop();
    kernel.stop();
  });

  it(`agree on calls of ${PROFILES} random profiles, made by x86_64, i386 and x32 programs`, async () => {
    const { SIMULATE_SEED: seed, SIMULATE_PATH: path } = process.env;
    await fc.assert(
      fc.asyncProperty(cases([X86_64], QUERIES, HARMLESS), each => compare(each)),
      {
        numRuns: PROFILES,
        interruptAfterTimeLimit: LIMIT_MS,
        markInterruptAsFailure: true,
        ...(seed && { seed: Number(seed) }),
        ...(path && { path }),
      },
    );
    const total = [...counts.values()].reduce((sum, each) => sum + each, 0);
    const list = [...counts].map(([what, times]) => `${what} ${times}`).sort();
    console.log(`      ${total} calls, as simulated: ${list.join(', ')}`);
    expect(total).to.be.greaterThan(PROFILES);
  });

  /** The program is libseccomp's alone, as crun loads it. */
  async function compare({ machine, spec, calls }: Case): Promise<void> {
    const profile = renderProfile(spec, machine.go);
    const filter = attempt(parseExact(profile) as ResolvedSpec, await library.version);
    const built = await library.build({ profile, runtime: { name: 'crun' }, native: machine.native });
    if (!filter || 'error' in built) return;
    for (const call of calls) {
      const decision = decide(filter, call);
      const number = syscallNumber(call.architecture, String(call.call)) ?? 0;
      const abi = call.architecture === 'SCMP_ARCH_X86' ? 'i386' : 'x86_64';
      const result = await kernel.make({ bytes: built.bytes, abi, number, args: call.args.map(each => each ?? 0n) });
      count(`${decision.certainty} ${decision.action.replace('SCMP_ACT_', '')}`);
      if (!isWhatCame(decision, result, call)) throw new Error(disagreement(call, decision, result));
    }
  }
});

function attempt(profile: ResolvedSpec, libseccomp: string): Filter | undefined {
  try {
    return buildFilter(profile, { native: 'SCMP_ARCH_X86_64', runtime: { name: 'crun' }, libseccomp });
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** A call that passes has no error here, unless the kernel was built without x32. */
function isWhatCame({ action, errno }: Outcome, result: KernelResult, { architecture }: Call): boolean {
  switch (action) {
    case 'SCMP_ACT_ALLOW':
    case 'SCMP_ACT_LOG':
      if (!('returned' in result)) return false;
      return result.returned >= 0 || (architecture === 'SCMP_ARCH_X32' && result.returned === -ENOSYS);
    case 'SCMP_ACT_ERRNO':
    case 'SCMP_ACT_TRACE':
      return 'returned' in result && result.returned === -(errno ?? 0);
    case 'SCMP_ACT_TRAP':
      return 'trapped' in result;
    default:
      return 'killed' in result;
  }
}

function disagreement(call: Call, decision: Decision, result: KernelResult): string {
  const text = (value: unknown) =>
    JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `0x${each.toString(16)}` : each));
  return `${text(call)}: simulated ${text(decision)}, the kernel ${text(result)}`;
}
