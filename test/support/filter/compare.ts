import { parseExact } from '../../../src/core/json/exact.ts';
import type { ResolvedSpec } from '../../../src/core/profile/base.ts';
import { renderProfile } from '../../../src/core/profile/render.ts';
import { type Call, type Decision, decide, type Outcome } from '../../../src/core/simulate/decide.ts';
import { buildFilter, type Filter } from '../../../src/core/simulate/filter.ts';
import { Refusal } from '../../../src/core/simulate/refusal.ts';
import { actionOf, dataOf } from '../../../src/core/simulate/return-value.ts';
import { type SyscallArch, syscallNumber } from '../../../src/core/syscalls/table.ts';
import type { Case } from './arbitrary.ts';
import { execute } from './bpf.ts';
import type { Built, Libseccomp } from './libseccomp.ts';

/** Linux, include/uapi/linux/audit.h, `AUDIT_ARCH_*`: what the kernel calls an architecture. */
export const AUDIT: Readonly<Record<SyscallArch, number>> = {
  SCMP_ARCH_X86_64: 0xc000003e,
  SCMP_ARCH_X86: 0x40000003,
  SCMP_ARCH_X32: 0xc000003e,
  SCMP_ARCH_AARCH64: 0xc00000b7,
  SCMP_ARCH_ARM: 0x40000028,
  SCMP_ARCH_RISCV64: 0xc00000f3,
  SCMP_ARCH_S390X: 0x80000016,
  SCMP_ARCH_PPC64LE: 0xc0000015,
  SCMP_ARCH_LOONGARCH64: 0xc0000102,
};

const ENOSYS = 0x00050026;

/** What libseccomp does, and what the simulator says. */
export class Disagreement extends Error {}

/** How often what was said, and how often what was to be expected came true. */
export class Figures {
  profiles = 0;
  readonly #counts = new Map<string, number>();

  count(what: string): void {
    this.#counts.set(what, this.get(what) + 1);
  }

  get(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  get queries(): number {
    return this.get('certain') + this.get('ambiguous') + this.get('uncertain');
  }

  /** Share of the queries that the simulator does not answer for certain, in per cent. */
  get openShare(): number {
    return ((this.get('ambiguous') + this.get('uncertain')) / this.queries) * 100;
  }

  lines(): string[] {
    const share = (what: string) => `${this.get(what)} (${((this.get(what) / this.queries) * 100).toFixed(2)} %)`;
    return [
      `profiles ${this.profiles}: built ${this.get('built')}, refused by both ${this.get('refused')}, too slow ${this.get('slow')}`,
      `queries ${this.queries}: certain ${share('certain')}, ambiguous ${share('ambiguous')}, uncertain ${share('uncertain')}`,
      `disagreements: certain ${this.get('certain wrong')}, ambiguous ${this.get('ambiguous wrong')}, uncertain ${this.get('uncertain wrong')}`,
    ];
  }
}

/** Builds a case both ways and asks all its calls. Throws `Disagreement`. */
export async function compare(
  { machine, runtime, spec, calls }: Case,
  library: Libseccomp,
  figures: Figures,
): Promise<void> {
  figures.profiles++;
  const profile = renderProfile(spec, machine.go);
  const libseccomp = await library.version;
  const mine = attempt(parseExact(profile) as ResolvedSpec, {
    native: machine.family[0],
    runtime: { name: runtime },
    libseccomp,
  });
  const built = await library.build({ profile, runtime: { name: runtime }, native: machine.native });
  const isBuilt = sameRefusal(mine, built, figures);
  if (!isBuilt || mine instanceof Refusal || 'error' in built) return;
  if (built.program.length < mine.instructions)
    throw new Disagreement(`at least ${mine.instructions} instructions, really ${built.program.length}`);
  for (const call of calls) {
    const decision = decide(mine, call);
    figures.count(decision.certainty);
    const really = outcomeOf(call, built);
    if (isSame(decision, really)) continue;
    figures.count(`${decision.certainty} wrong`);
    throw new Disagreement(`${describe(call)}: simulated ${describe(decision)}, really ${describe(really)}`);
  }
}

function attempt(profile: ResolvedSpec, environment: Filter['environment']): Filter | Refusal {
  try {
    return buildFilter(profile, environment);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** libseccomp's time is cut off at two seconds here; the simulator's estimate of it is a rough one. */
const SLOW = 0.4;

function sameRefusal(mine: Filter | Refusal, built: Built, figures: Figures): boolean {
  const theirs = 'error' in built ? built.error : undefined;
  if (mine instanceof Refusal) {
    const expected =
      mine.code === 'ConflictingRules' ? 'EEXIST' : mine.code === 'EndlessFilter' ? 'endless' : mine.code;
    if (theirs !== expected && theirs !== 'endless')
      throw new Disagreement(`simulated ${mine.code}: ${mine.message}, really ${theirs ?? 'built'}`);
    if (theirs === 'EEXIST' && 'error' in built && built.rule !== mine.rule)
      throw new Disagreement(`simulated a conflict at rule ${mine.rule}, really at ${built.rule}`);
    figures.count('refused');
    return false;
  }
  if (theirs === undefined) {
    figures.count('built');
    return true;
  }
  if (theirs !== 'endless' || mine.seconds < SLOW) throw new Disagreement(`simulated a filter, really ${theirs}`);
  figures.count('slow');
  return false;
}

/** runc's own part first, then libseccomp's program. */
function outcomeOf({ architecture, call, args }: Required<Call>, built: Exclude<Built, { error: string }>): Outcome {
  const number = typeof call === 'number' ? call : (syscallNumber(architecture, call) ?? 0);
  const highest = built.highest[architecture];
  const isNew = highest !== undefined && (number > highest || (architecture === 'SCMP_ARCH_S390X' && number === 0));
  const data = { number, architecture: AUDIT[architecture], args: args.map(each => each ?? 0n) };
  const value = isNew ? ENOSYS : execute(built.program, data, built.endian);
  return outcomeOfValue(value);
}

/** What becomes of a call under a return value, without tracer and listener. */
export function outcomeOfValue(value: number): Outcome {
  const action = actionOf(value);
  if (action === 'SCMP_ACT_ERRNO') return { action, errno: dataOf(value) };
  return action === 'SCMP_ACT_TRACE' || action === 'SCMP_ACT_NOTIFY' ? { action, errno: 38 } : { action };
}

export const isSame = (a: Outcome, b: Outcome): boolean => a.action === b.action && a.errno === b.errno;

const describe = (value: Decision | Outcome | Call): string =>
  JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `0x${each.toString(16)}` : each));
