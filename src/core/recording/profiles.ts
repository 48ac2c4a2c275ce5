import type { SeccompProfileSpec } from '../api/seccomp-profile.ts';
import type { SeccompRecordingStatus } from '../api/seccomp-recording.ts';
import { generate } from '../generate/generate.ts';
import { isKnownSyscall, SYSCALL_ARCHITECTURES, type SyscallArch } from '../syscalls/table.ts';
import type { CallUse } from '../trace/trace.ts';
import { type FrequentCalls, frequentGroups, START, unloggedNames } from './groups.ts';

/** Calls by architecture, as a recording's status has them. */
export type Recorded = NonNullable<NonNullable<SeccompRecordingStatus['profiles']>[number]['recorded']>;

/**
 * The profile while Pods are recorded: it refuses nothing, in whatever mode, and logs each call that is not in the result
 * anyway. Mode Audit has programs of the node's other architectures run too.
 */
export const recordingSpec = (frequentCalls: FrequentCalls): SeccompProfileSpec => ({
  mode: 'Audit',
  defaultAction: 'SCMP_ACT_LOG',
  syscalls: [{ names: unloggedNames(frequentCalls), action: 'SCMP_ACT_ALLOW' }],
});

/** What becomes of it: an allow list in mode Audit, in the form that `kubectl seccomp generate` makes of traces. */
export function recordedSpec(recorded: Recorded, frequentCalls: FrequentCalls): SeccompProfileSpec {
  const calls = recorded.flatMap(({ architecture, syscalls }) =>
    isKnown(architecture) ? syscalls.filter(isKnownSyscall).map(name => callUse(architecture, name)) : [],
  );
  const trace = { calls, unknown: [], files: [] };
  const options = { ...START, arguments: false, mode: 'Audit', defaultAction: 'SCMP_ACT_ERRNO' } as const;
  return generate(trace, { ...options, also: frequentGroups(frequentCalls) }).spec;
}

const isKnown = (architecture: string): architecture is SyscallArch =>
  (SYSCALL_ARCHITECTURES as readonly string[]).includes(architecture);

const callUse = (arch: SyscallArch, name: string): CallUse => ({
  arch,
  name,
  args: new Map(),
  count: 1,
  file: '',
  line: 0,
  pid: undefined,
});
