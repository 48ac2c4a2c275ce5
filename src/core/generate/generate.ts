import type { SeccompProfileSpec, Syscall } from '../api/seccomp-profile.ts';
import { SYSCALL_ARCHITECTURES } from '../syscalls/table.ts';
import type { CallUse, Trace } from '../trace/trace.ts';
import { argumentRules } from './argument-rules.ts';
import { type Group, namesToAllow, unseenGroups } from './groups.ts';
import { runtimeGroup, type StartOptions } from './runtime-calls.ts';

export interface GenerateOptions extends StartOptions {
  /** Conditions on arguments, for the calls where they pay. */
  readonly arguments: boolean;
  readonly defaultAction: SeccompProfileSpec['defaultAction'];
  readonly mode?: 'Audit' | 'Enforce';
  /** More calls that it has, whether they were traced or not. */
  readonly also?: readonly Group[];
}

/** A profile made of traces, and what its reader is told. */
export interface Generated {
  readonly spec: SeccompProfileSpec;
  /** One for each rule. */
  readonly comments: readonly string[];
  /** Calls that the profile has beyond those traced. */
  readonly added: number;
  /** Calls that stay without conditions where `arguments` asked for some, and why. */
  readonly unconditional: readonly { readonly name: string; readonly why: string }[];
}

/**
 * An allow list of what traces show, with what the runtime needs before the program runs and what traces cannot show. A
 * call that is on no list is answered "there is no such call" (ENOSYS), upon which C libraries try an older one: so a
 * program survives a newer libc.
 */
export function generate(trace: Trace, options: GenerateOptions): Generated {
  const architectures = SYSCALL_ARCHITECTURES.filter(arch => trace.calls.some(call => call.arch === arch));
  const extra = [...unseenGroups(architectures), runtimeGroup(options), ...(options.also ?? [])];
  const conditional = options.arguments ? argumentRules(trace.calls, namesIn(extra)) : [];
  const rules = conditional.flatMap(each => ('rule' in each ? [each] : []));
  const seen: Group = {
    names: namesOf(trace.calls).filter(name => !rules.some(each => each.name === name)),
    reason: 'What the program was seen to call.',
  };
  const groups = withoutRepeats([seen, ...extra], new Set(rules.map(({ name }) => name)));
  const refused = options.defaultAction === 'SCMP_ACT_KILL_PROCESS' && !groups.some(isNamed) ? [CLONE3] : [];
  return {
    spec: {
      ...(options.mode ? { mode: options.mode } : {}),
      defaultAction: options.defaultAction,
      ...(options.defaultAction === 'SCMP_ACT_ERRNO' ? { defaultErrnoRet: ENOSYS } : {}),
      architectures: architectures as NonNullable<SeccompProfileSpec['architectures']>,
      syscalls: [...groups.map(allow), ...rules.map(({ rule }) => rule), ...refused.map(({ rule }) => rule)],
    },
    comments: [...groups.map(({ reason }) => reason), ...[...rules, ...refused].map(({ comment }) => comment)],
    added: groups.slice(1).reduce((sum, { names }) => sum + names.length, 0),
    unconditional: conditional.flatMap(each => ('why' in each ? [each] : [])),
  };
}

const ENOSYS = 38;

/** runc's threads are made so where glibc is new; a filter that kills would kill it for the attempt. */
const CLONE3: { readonly rule: Syscall; readonly comment: string } = {
  rule: { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
  comment: 'Tried first by C libraries, which then use clone.',
};
const isNamed = ({ names }: Group) => names.includes('clone3');

const namesIn = (groups: readonly Group[]) => new Set(groups.flatMap(({ names }) => names));

function namesOf(calls: readonly CallUse[]): string[] {
  return [...new Set(calls.flatMap(({ arch, name }) => namesToAllow(arch, name)))].sort();
}

/** Each call where it is named first; an empty group is none. */
function withoutRepeats(groups: readonly Group[], taken: Set<string>): Group[] {
  return groups
    .map(({ names, reason }) => {
      const own = names.filter(name => !taken.has(name));
      for (const name of own) taken.add(name);
      return { names: own, reason };
    })
    .filter(({ names }) => names.length > 0);
}

const allow = ({ names }: Group): Syscall => ({ names: [...names], action: 'SCMP_ACT_ALLOW' });
