import type { SeccompProfileSpec } from '../api/seccomp-profile.ts';
import { SYSCALL_ARCHITECTURES, type SyscallArch, syscallNumber } from '../syscalls/table.ts';
import { type Circumstances, dockerName, seccompName } from './circumstances.ts';
import type { DockerProfile, DockerRule, Filter, KernelVersion } from './docker-profile.ts';
import { FormatError } from './format-error.ts';

/** A profile whose conditions are decided. */
export interface Resolution {
  readonly spec: SeccompProfileSpec;
  /** Of each rule of the spec: what the file says of it. */
  readonly comments: readonly (string | undefined)[];
  /** Rules of the file that do not apply, and the first reason. */
  readonly left: readonly { readonly rule: DockerRule; readonly because: string }[];
}

/**
 * Decides archMap, includes and excludes as Docker does for one node and container (moby, profiles/seccomp,
 * `setupSeccomp`): what is left is what a runtime gets, rule by rule, in the same order. Throws {@link FormatError} where
 * the rules for several architectures cannot be one list.
 */
export function resolve(profile: DockerProfile, circumstances: Circumstances): Resolution {
  const architectures = architecturesOf(profile, circumstances.architectures);
  const { kept, left } = decide(profile.rules, circumstances, architectures);
  const { defaultAction, defaultErrnoRet, flags, listenerPath, listenerMetadata } = profile;
  const spec: SeccompProfileSpec = {
    defaultAction,
    ...(defaultErrnoRet === undefined ? {} : { defaultErrnoRet }),
    ...(architectures.length ? { architectures: architectures as Architectures } : {}),
    ...(flags.length ? { flags: flags as Flags } : {}),
    ...(listenerPath === undefined ? {} : { listenerPath }),
    ...(listenerMetadata === undefined ? {} : { listenerMetadata }),
    syscalls: kept.map(({ rule }) => rule),
  };
  return { spec, comments: kept.map(({ comment }) => comment), left };
}

type Architectures = NonNullable<SeccompProfileSpec['architectures']>;
type Flags = NonNullable<SeccompProfileSpec['flags']>;

/** The first entry of archMap for each node architecture, with what it brings; or the plain list. */
function architecturesOf({ archMap, architectures }: DockerProfile, nodes: readonly string[]): string[] {
  const found = nodes.flatMap(node => archMap.find(({ architecture }) => architecture === seccompName(node)) ?? []);
  const mapped = found.flatMap(({ architecture, subArchitectures }) => [architecture, ...subArchitectures]);
  return [...new Set([...architectures, ...mapped])];
}

function decide(rules: readonly DockerRule[], circumstances: Circumstances, architectures: readonly string[]) {
  const kept: DockerRule[] = [];
  const left: { rule: DockerRule; because: string }[] = [];
  for (const rule of rules) {
    const reasons = circumstances.architectures.map(node => whyNot(rule, node, circumstances));
    const [because] = reasons;
    if (reasons.every(each => each !== undefined) && because !== undefined) left.push({ rule, because });
    else {
      for (const [at, reason] of reasons.entries())
        if (reason !== undefined) checkHarmless(rule, circumstances.architectures[at] as string, architectures);
      kept.push(rule);
    }
  }
  return { kept: kept.filter(({ rule }) => rule.names.length > 0), left };
}

/** Why a rule does not apply on a node; nothing where it does. */
function whyNot({ includes, excludes }: DockerRule, node: string, circumstances: Circumstances): string | undefined {
  const { capabilities, kernel } = circumstances;
  if (excludes) {
    if (excludes.arches.includes(dockerName(node))) return `not for ${node}`;
    const held = excludes.caps.find(each => capabilities.has(each));
    if (held) return `not for containers with ${held}`;
    if (excludes.minKernel && isAtLeast(kernel, excludes.minKernel)) return `not from kernel ${print(excludes)} on`;
  }
  if (includes) {
    if (includes.arches.length && !includes.arches.includes(dockerName(node)))
      return `only for ${includes.arches.join(', ')}`;
    const missing = includes.caps.find(each => !capabilities.has(each));
    if (missing) return `only for containers with ${missing}`;
    if (includes.minKernel && !isAtLeast(kernel, includes.minKernel)) return `only from kernel ${print(includes)} on`;
  }
  return undefined;
}

const isAtLeast = (kernel: KernelVersion, least: KernelVersion) =>
  kernel.major > least.major || (kernel.major === least.major && kernel.minor >= least.minor);

const print = ({ minKernel }: Filter) => `${minKernel?.major}.${minKernel?.minor}`;

/** A rule that is meant for other architectures does no harm where none of its calls exist. */
function checkHarmless({ rule, at }: DockerRule, node: string, architectures: readonly string[]): void {
  const family = familyOf(node, architectures);
  const present = rule.names.find(name => family.some(arch => syscallNumber(arch, name) !== undefined));
  if (present === undefined) return;
  throw new FormatError(
    `syscalls[${at}]: is not for ${node}, which has ${present} too: import once for each architecture (--arch ${node})`,
  );
}

/** The node's own architecture and those of its 32-bit programs that the profile lists. */
function familyOf(node: string, listed: readonly string[]): SyscallArch[] {
  const native = seccompName(node);
  const compat: Readonly<Record<string, readonly string[]>> = {
    SCMP_ARCH_X86_64: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    SCMP_ARCH_AARCH64: ['SCMP_ARCH_ARM'],
  };
  const others = (compat[native] ?? []).filter(arch => listed.includes(arch));
  return SYSCALL_ARCHITECTURES.filter(arch => arch === native || others.includes(arch));
}
