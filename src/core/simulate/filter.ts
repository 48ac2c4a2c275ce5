import type { ResolvedSpec } from '../profile/base.ts';
import { type SyscallArch, syscallNumber } from '../syscalls/table.ts';
import { isAtLeast } from '../versions.ts';
import { type Addition, additionsOf, defaultOf } from './additions.ts';
import { type Architecture, architecture, known } from './architecture.ts';
import { type Alternative, CallRules } from './call-rules.ts';
import { compile, type Rules } from './compile.ts';
import { Effort } from './effort.ts';
import type { Environment } from './environment.ts';
import type { Making } from './merge.ts';
import { multiplexed, throughMultiplexer } from './multiplex.ts';
import { Refusal } from './refusal.ts';
import { highestNamed } from './stub.ts';
import { TreeTrouble } from './tree.ts';

/** What runtime and libseccomp make of a profile. */
export interface Filter {
  readonly profile: ResolvedSpec;
  readonly environment: Environment;
  /** The return value where no rule decides. */
  readonly byDefault: number;
  readonly rules: Rules;
  /** Architectures on which libseccomp's program finds none of the rules. */
  readonly blind: readonly string[];
  /** The highest number that the profile names, by architecture, where runc answers ENOSYS to those above it. */
  readonly highest: ReadonlyMap<string, number>;
  /** How long libseccomp takes to build it, about. */
  readonly seconds: number;
  /** At least so many instructions. */
  readonly instructions: number;
}

/** Linux, include/uapi/linux/bpf_common.h, `BPF_MAXINSNS`. */
const MOST_INSTRUCTIONS = 4096;

/** Builds what a node would load. Throws `Refusal` where the runtime would start no container. */
export function buildFilter(profile: ResolvedSpec, environment: Environment): Filter {
  const byDefault = defaultOf(profile, environment);
  checkNotify(profile, environment);
  const effort = new Effort();
  const rules = addAll(profile, environment, {
    writesFalseIntoTrue: !isLibseccomp(environment, '2.6.1'),
    addsAbsentCalls: isLibseccomp(environment, '2.5.2'),
    effort,
  });
  const { blind, instructions } = compile(rules, isSearchedByNumber(profile, environment));
  if (instructions > MOST_INSTRUCTIONS)
    throw new Refusal(
      'TooLarge',
      `syscalls: the filter has at least ${instructions} instructions, and the kernel takes ${MOST_INSTRUCTIONS}: remove conditions`,
    );
  const highest = new Map<string, number>();
  for (const arch of rules.keys()) {
    const number = highestNamed(profile, arch as SyscallArch, environment);
    if (number !== undefined) highest.set(arch, number);
  }
  return { profile, environment, byDefault, rules, blind, highest, seconds: effort.seconds, instructions };
}

const isLibseccomp = ({ libseccomp }: Environment, release: string): boolean =>
  libseccomp === undefined || isAtLeast(libseccomp, release);

/** runc has libseccomp search by number where there are many calls (`InitSeccomp`). */
const isSearchedByNumber = ({ syscalls = [] }: ResolvedSpec, { runtime }: Environment): boolean =>
  runtime.name === 'runc' &&
  (runtime.version === undefined || isAtLeast(runtime.version, '1.2')) &&
  syscalls.reduce((sum, { names }) => sum + names.length, 0) > 32;

/** runc wants somebody to notify, and to be able to write to him (`InitSeccomp`). */
function checkNotify({ defaultAction, listenerPath, syscalls = [] }: ResolvedSpec, { runtime }: Environment): void {
  if (runtime.name !== 'runc') return;
  const refuse = (message: string, rule?: number) => {
    throw new Refusal('InvalidValue', message, rule);
  };
  if (defaultAction === 'SCMP_ACT_NOTIFY') refuse('defaultAction: runc takes no SCMP_ACT_NOTIFY here');
  for (const [at, { action, names }] of syscalls.entries()) {
    if (action !== 'SCMP_ACT_NOTIFY' || names.length === 0) continue;
    if (!listenerPath) refuse(`syscalls[${at}].action: runc takes SCMP_ACT_NOTIFY with a listenerPath only`, at);
    if (names.includes('write')) refuse(`syscalls[${at}].names: runc takes no SCMP_ACT_NOTIFY for write`, at);
  }
}

function addAll(profile: ResolvedSpec, environment: Environment, making: Making): Rules {
  const architectures = architecturesOf(profile, environment);
  const rules = new Map([...architectures.keys()].map(name => [name, new Map<string, CallRules>()]));
  for (const addition of additionsOf(profile, environment)) {
    for (const [name, properties] of architectures)
      add(addition, name, properties, rules.get(name) ?? new Map(), making);
  }
  for (const [arch, calls] of rules) {
    for (const [name, each] of calls) refusing(name, arch, each.alternatives.at(-1)?.rule, () => each.check());
  }
  return rules;
}

/** The native architecture first; libseccomp takes others of the same byte order. */
function architecturesOf(profile: ResolvedSpec, { native }: Environment): Map<string, Architecture> {
  const found = new Map([[native as string, known(native)]]);
  for (const [at, name] of (profile.architectures ?? []).entries()) {
    const listed = architecture(name);
    if (!listed) throw new Refusal('InvalidValue', `architectures[${at}]: ${name} is no architecture`);
    if (listed.isBigEndian !== known(native).isBigEndian)
      throw new Refusal(
        'ForeignArchitecture',
        `architectures[${at}]: ${name} has another byte order than ${native}, and no filter can hold both: remove it`,
      );
    found.set(name, listed);
  }
  return found;
}

/** Where programs may go by a multiplexer, its rules get one too; calls that other architectures lack are no matter here. */
function add(
  { name, conditions, action, rule }: Addition,
  arch: string,
  { width, isMultiplexing }: Architecture,
  rules: Map<string, CallRules>,
  making: Making,
): void {
  const put = (call: string, alternative: Alternative) => {
    const existing = rules.get(call) ?? new CallRules(width);
    rules.set(call, existing);
    refusing(name, arch, rule, () => existing.add(alternative, making));
  };
  const through = isMultiplexing ? multiplexed(name) : undefined;
  if (through) put(through.by, { conditions: throughMultiplexer(conditions, through.number), action, rule });
  const isThere = syscallNumber(arch as SyscallArch, name) !== undefined;
  if (isThere || !isMultiplexing || (through && making.addsAbsentCalls)) put(name, { conditions, action, rule });
}

function refusing(name: string, arch: string, rule: number | undefined, step: () => void): void {
  try {
    step();
  } catch (error) {
    throw error instanceof TreeTrouble ? refusalOf(error, name, arch, rule) : error;
  }
}

function refusalOf({ trouble }: TreeTrouble, name: string, arch: string, rule: number | undefined): Refusal {
  const field = rule === undefined ? 'syscalls' : `syscalls[${rule}]`;
  switch (trouble) {
    case 'conflict':
      return new Refusal(
        'ConflictingRules',
        `${field}: libseccomp cannot hold this rule for ${name} beside the earlier ones ("file exists", ${arch}): give rules of one call the same action, or put the one with fewer conditions first`,
        rule,
      );
    case 'endless':
      return new Refusal(
        'EndlessFilter',
        `${field}: on the conditions for ${name} libseccomp does not end, and the runtime with it (${arch}): use fewer conditions, or none with LT, LE, GT, GE or NE beside another one`,
        rule,
      );
    case 'unknown':
      return new Refusal(
        'Unknown',
        `${field}: too many conditions for ${name} to say what becomes of them (${arch})`,
        rule,
      );
  }
}
