import fc from 'fast-check';
import type { SeccompProfile, SeccompProfileSpec, Syscall } from '../../../src/core/api/seccomp-profile.ts';
import { parseExact } from '../../../src/core/json/exact.ts';
import { lint } from '../../../src/core/lint/lint.ts';
import { DEFAULT_TARGET } from '../../../src/core/lint/target.ts';
import { type ResolvedSpec, resolveBase } from '../../../src/core/profile/base.ts';
import { ProfileError } from '../../../src/core/profile/errors.ts';
import { loadProblem } from '../../../src/core/profile/loadable.ts';
import { renderProfile } from '../../../src/core/profile/render.ts';
import { parseUint64 } from '../../../src/core/profile/uint64.ts';
import { buildFilter } from '../../../src/core/simulate/filter.ts';
import { Refusal } from '../../../src/core/simulate/refusal.ts';
import { SYSCALL_ARCHITECTURES } from '../../../src/core/syscalls/table.ts';
import { Defect, inParallel, type RawClient, Tallies } from './raw.ts';
import { specTexts } from './specs-arbitrary.ts';

const PATH = '/apis/seccomp-operator.dev/v1alpha1/seccompprofiles?dryRun=All';
const NODE_ARCHITECTURES = ['amd64', 'arm64', 's390x', 'riscv64', 'unheard-of'];
const MODES = ['Enforce', 'Audit', 'Kill'] as const;
const CHUNK = 5_000;

export interface SpecsRun {
  readonly client: RawClient;
  readonly objects: number;
  readonly seed: number;
  /** Of those that the API server takes, what else is to be tried on some. */
  readonly taken?: (spec: ResolvedSpec) => void;
  readonly progress?: (line: string) => void;
}

/** Asks the API server to take specs, by dry run, and does to each that it takes all that is done to a profile. */
export async function fuzzSpecs({ client, objects, seed, taken, progress }: SpecsRun): Promise<Tallies> {
  const tallies = new Tallies();
  for (let from = 0; from < objects; from += CHUNK) {
    const texts = fc.sample(specTexts, { numRuns: Math.min(CHUNK, objects - from), seed: seed + from });
    await inParallel(texts, 16, async text => {
      const spec = await ask(client, text, tallies);
      if (spec) taken?.(spec);
    });
    progress?.(`${Math.min(objects, from + CHUNK)} specs: ${tallies.of('taken')} taken`);
  }
  return tallies;
}

async function ask(client: RawClient, text: string, tallies: Tallies): Promise<ResolvedSpec | undefined> {
  const { code, text: answer } = await client.send('POST', PATH, text);
  tallies.count(`answered ${code}`);
  // 413: a change doubled what was doubled, and the object has more than 3 MB.
  if ([400, 413, 422].includes(code)) return undefined;
  if (code !== 201) throw new Defect(`the API server answered ${code}: ${answer.slice(0, 500)}`, text);
  tallies.count('taken');
  try {
    return check((parseExact(answer) as SeccompProfile).spec, tallies);
  } catch (error) {
    throw new Defect((error as Error).stack ?? String(error), text);
  }
}

/** What the operator, the linter and the simulator do to it: never a crash, always a file that says what the spec says. */
function check(spec: SeccompProfileSpec, tallies: Tallies): ResolvedSpec | undefined {
  let resolved: ResolvedSpec;
  try {
    resolved = resolveBase('fuzz', spec, name => (name === 'base' ? BASE : undefined));
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    tallies.count(`no file: ${error.reason}`);
    return undefined;
  }
  for (const architecture of NODE_ARCHITECTURES)
    for (const mode of MODES) checkFile({ ...resolved, mode }, architecture);
  checkMeaning(resolved, JSON.parse(renderProfile({ ...resolved, mode: 'Enforce' }, 'amd64'), keepDigits));
  lint(resolved, DEFAULT_TARGET);
  for (const native of SYSCALL_ARCHITECTURES) tallies.count(simulate(resolved, native));
  return resolved;
}

const BASE: SeccompProfileSpec = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [{ names: ['read', 'write', 'openat'], action: 'SCMP_ACT_ALLOW' }],
};

function checkFile(spec: ResolvedSpec, architecture: string): void {
  const text = renderProfile(spec, architecture);
  const problem = loadProblem(text);
  if (problem) throw new Error(`${architecture}: ${problem}`);
  if (spec.mode === 'Audit' && /SCMP_ACT_(ERRNO|KILL|TRAP|TRACE)/.test(text)) throw new Error('Audit refuses calls');
}

interface File {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly syscalls: readonly {
    names: string[];
    action: string;
    errnoRet?: number;
    args?: { index: number; op: string; value: bigint; valueTwo?: bigint }[];
  }[];
}

/** Read anew, without what wrote it. */
function checkMeaning(spec: ResolvedSpec, file: File): void {
  const wrong = [
    file.defaultAction !== spec.defaultAction && 'defaultAction',
    file.defaultErrnoRet !== spec.defaultErrnoRet && 'defaultErrnoRet',
    spec.syscalls?.length && file.syscalls.length !== spec.syscalls.length && 'number of rules',
    ...(spec.syscalls ?? []).map((rule, at) => !isSameRule(rule, file.syscalls[at]) && `rule ${at}`),
  ].filter(Boolean);
  if (wrong.length) throw new Error(`the file says something else: ${wrong.join(', ')}`);
}

function isSameRule(rule: Syscall, written: File['syscalls'][number] | undefined): boolean {
  const args = (rule.args ?? []).map(({ index, op, value = 0, valueTwo = 0 }) =>
    [index, op, parseUint64(value, ''), op === 'SCMP_CMP_MASKED_EQ' ? parseUint64(valueTwo, '') : ''].join(),
  );
  const theirs = (written?.args ?? []).map(({ index, op, value, valueTwo }) =>
    [index, op, value, valueTwo ?? ''].join(),
  );
  return (
    written?.action === rule.action &&
    written.errnoRet === rule.errnoRet &&
    [...rule.names].sort().join() === written.names.join() &&
    args.join('|') === theirs.join('|')
  );
}

function keepDigits(key: string, value: unknown, context?: { source?: string }): unknown {
  return (key === 'value' || key === 'valueTwo') && context?.source ? BigInt(context.source) : value;
}

function simulate(spec: ResolvedSpec, native: (typeof SYSCALL_ARCHITECTURES)[number]): string {
  try {
    buildFilter(spec, { native, runtime: { name: 'runc', version: '1.1.5' } });
    return 'simulated: a filter';
  } catch (error) {
    if (error instanceof Refusal) return `simulated: ${error.code}`;
    throw error;
  }
}
