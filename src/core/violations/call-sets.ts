import { isoTime } from '../iso-time.ts';
import { cut } from '../status/name-list.ts';
import type { ContainerRef } from './cgroup.ts';
import { numberList } from './number-list.ts';
import type { NodeCallSet } from './report.ts';
import { isRuntime } from './runtime-command.ts';

/** Bounds of `SeccompNode.status.violations.callSets`. */
const MAX_SETS = 64;
const MAX_NUMBERS = 512;

/** A call that was logged. */
export interface LoggedCall {
  readonly architecture: string;
  readonly number: number;
  readonly command: string;
  readonly timeMs: number;
}

interface CallSet {
  readonly ref: ContainerRef;
  /** Among those of its container. */
  readonly key: string;
  readonly architecture: string;
  readonly numbers: Set<number>;
  readonly firstMs: number;
  command: string;
  lastMs: number;
  seenMs: number;
}

/** The runtime's calls are kept apart from the program's. */
const keyOf = ({ architecture, command }: LoggedCall): string =>
  isRuntime(command) ? `${architecture} runtime` : architecture;

/**
 * Which calls were logged in containers that log more kinds than a report counts one by one, as under a profile that logs all:
 * numbers alone, so that no kind of call is forgotten, however much is called.
 */
export class CallSets {
  readonly #containers = new Map<string, Map<string, CallSet>>();
  #size = 0;

  has({ containerId }: ContainerRef): boolean {
    return this.#containers.has(containerId);
  }

  /** True when the call is new in the container's set. */
  add(ref: ContainerRef, call: LoggedCall): boolean {
    const { number, command, timeMs } = call;
    const set = this.#containers.get(ref.containerId)?.get(keyOf(call)) ?? this.#open(ref, call);
    set.seenMs = Math.max(set.seenMs, timeMs);
    if (set.numbers.has(number) || set.numbers.size >= MAX_NUMBERS) return false;
    set.numbers.add(number);
    set.command = command;
    set.lastMs = Math.max(set.lastMs, timeMs);
    return true;
  }

  report(): NodeCallSet[] {
    return [...this.#all()].map(({ ref, architecture, numbers, command, firstMs, lastMs }) => ({
      podUID: ref.podUid,
      containerID: ref.containerId,
      architecture,
      numbers: numberList(numbers),
      command: cut(command, 64),
      firstTime: isoTime(firstMs),
      lastTime: isoTime(lastMs),
    }));
  }

  #open(ref: ContainerRef, call: LoggedCall): CallSet {
    if (this.#size >= MAX_SETS) this.#forgetOne();
    const { architecture, command, timeMs } = call;
    const times = { firstMs: timeMs, lastMs: timeMs, seenMs: timeMs };
    const set = { ref, key: keyOf(call), architecture, numbers: new Set<number>(), command, ...times };
    const own = this.#containers.get(ref.containerId) ?? new Map<string, CallSet>();
    this.#containers.set(ref.containerId, own.set(set.key, set));
    this.#size++;
    return set;
  }

  /** The one of which nothing was heard for the longest time: most likely its container has ended. */
  #forgetOne(): void {
    const [quiet] = [...this.#all()].sort((a, b) => a.seenMs - b.seenMs) as [CallSet];
    const { containerId } = quiet.ref;
    const own = this.#containers.get(containerId);
    own?.delete(quiet.key);
    if (own?.size === 0) this.#containers.delete(containerId);
    this.#size--;
  }

  *#all(): Generator<CallSet> {
    for (const own of this.#containers.values()) yield* own.values();
  }
}
