import type { ResolvedSpec } from '../profile/base.ts';
import { type SyscallArch, syscallNumber } from '../syscalls/table.ts';
import { isAtLeast } from '../versions.ts';
import { known } from './architecture.ts';
import { type Environment, isKnownTo } from './environment.ts';
import { multiplexed } from './multiplex.ts';

/** Defaults under which calls that the profile's author could not know are not harmed (runc, `isAllowAction`). */
const PERMISSIVE = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'];

/**
 * runc's programs begin with a part of its own: a call with a number above all that the profile names, whatever the
 * rules are, is new to the profile's author and gets ENOSYS, so that the C library falls back to an older one. Nothing
 * where there is no such part for the architecture: before 1.1.15 there was none for the node's own unless it is listed.
 *
 * Source: runc, libcontainer/seccomp/patchbpf/enosys_linux.go.
 */
export function highestNamed(profile: ResolvedSpec, arch: SyscallArch, environment: Environment): number | undefined {
  const { name, version } = environment.runtime;
  if (name !== 'runc' || PERMISSIVE.includes(profile.defaultAction)) return undefined;
  const isForNative = version === undefined || isAtLeast(version, '1.1.15');
  if (!isForNative && !profile.architectures?.includes(arch)) return undefined;
  let highest = 0;
  for (const { names } of profile.syscalls ?? []) {
    for (const name of names) {
      // To libseccomp a multiplexed call has a number below zero there.
      if (known(arch).isMultiplexing && multiplexed(name)) continue;
      if (isKnownTo(environment.libseccomp, name)) highest = Math.max(highest, syscallNumber(arch, name) ?? 0);
    }
  }
  return highest === 0 ? undefined : highest;
}

/** On s390 setup(2) is what the kernel makes of numbers it does not know, so runc's part answers ENOSYS to it too. */
export const isAlwaysAnswered = (arch: SyscallArch, number: number): boolean =>
  arch === 'SCMP_ARCH_S390X' && number === 0;
