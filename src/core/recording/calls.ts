import { isDangerous } from '../lint/rules/dangerous-allow.ts';
import type { NodeViolation } from '../violations/report.ts';
import { isRuntime } from '../violations/runtime-command.ts';
import type { Recorded } from './profiles.ts';

/** Bounds of `status.profiles[].recorded`. */
const MAX_ARCHITECTURES = 4;
const MAX_CALLS = 512;
/** Of `status.profiles[].leftOut`. */
const MAX_LEFT_OUT = 32;

/** What was recorded, with what the reports show beside it; the same object where that is nothing new. */
export function withCalls(recorded: Recorded, entries: Iterable<NodeViolation>): Recorded {
  const known = new Map(recorded.map(({ architecture, syscalls }) => [architecture, new Set(syscalls)]));
  let isNew = false;
  for (const { architecture, syscall } of entries) {
    const calls = known.get(architecture) ?? new Set<string>();
    if (calls.has(syscall) || calls.size >= MAX_CALLS) continue;
    if (known.size >= MAX_ARCHITECTURES && !known.has(architecture)) continue;
    known.set(architecture, calls.add(syscall));
    isNew = true;
  }
  if (!isNew) return recorded;
  const sorted = [...known].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([architecture, syscalls]) => ({ architecture, syscalls: [...syscalls].sort() }));
}

/** The runtime needs none of these after it has loaded the filter, but for what it has anyway (core/lint/start-calls.ts). */
export const isLeftOut = ({ syscall, command }: NodeViolation): boolean => isRuntime(command) && isDangerous(syscall);

/** In order; what the program calls itself is in the profile. */
export function withLeftOut(
  before: readonly string[],
  entries: readonly NodeViolation[],
  recorded: Recorded,
): string[] {
  const calls = new Set(recorded.flatMap(({ syscalls }) => syscalls));
  const all = new Set([...before, ...entries.map(({ syscall }) => syscall)]);
  return [...all.difference(calls)].sort().slice(0, MAX_LEFT_OUT);
}

export const callCount = (recorded: readonly Recorded[]): number =>
  new Set(recorded.flat().flatMap(({ syscalls }) => syscalls)).size;
