import type { SeccompRecord } from '../audit/record.ts';
import { isoTime } from '../iso-time.ts';
import { cut } from '../status/name-list.ts';
import { type Call, callOf, LOGGED } from './call.ts';
import { CallSets } from './call-sets.ts';
import type { ContainerRef } from './cgroup.ts';
import type { NodeViolation, NodeViolations } from './report.ts';
import { isRuntime } from './runtime-command.ts';

export type Counts = Required<
  Pick<NodeViolations, 'recorded' | 'lost' | 'unattributed' | 'unlisted' | 'entries' | 'callSets'>
>;

/** Bounds of `SeccompNode.status.violations.entries`: one noisy container does not crowd out the others. */
const MAX_OF_CONTAINER = 20;
const MAX_OF_NODE = 100;

interface Entry {
  readonly ref: ContainerRef;
  readonly key: string;
  readonly call: Call;
  readonly number: number;
  /** Of the program rather than of the runtime that started it. */
  command: string;
  readonly executable: string | undefined;
  readonly firstMs: number;
  lastMs: number;
  count: number;
  /** Of `count`, what a report held already. */
  reported: number;
}

/**
 * Counts what was called where on one node, within bounds whatever is called how often. Of a container that logs more kinds of
 * calls than there is room for, those that come then are kept in a set, without counts.
 */
export class Tally {
  readonly #containers = new Map<string, Map<string, Entry>>();
  readonly #sets = new CallSets();
  #size = 0;
  #recorded = 0;
  #unlisted = 0;
  /** Records whose process nobody knows. */
  unattributed = 0;
  /** Records that the kernel dropped. */
  lost = 0;

  get recorded(): number {
    return this.#recorded;
  }

  /** Counts a record of a call made in this container; true when no such call was known yet. */
  add(ref: ContainerRef, record: SeccompRecord, nowMs: number): boolean {
    this.#recorded++;
    const { arch, syscall, code, timeMs = nowMs } = record;
    const key = `${arch} ${syscall} ${code}`;
    const entry = this.#containers.get(ref.containerId)?.get(key);
    if (!entry) return this.#addKind(ref, key, record, timeMs);
    entry.count++;
    if (isRuntime(entry.command)) entry.command = record.comm;
    entry.lastMs = Math.max(entry.lastMs, timeMs);
    return false;
  }

  /** What the report says, the latest first. What it holds is then no loss when its entry has to make room. */
  report(): Counts {
    const entries = [...this.#entries()].sort((a, b) => b.lastMs - a.lastMs);
    for (const entry of entries) entry.reported = entry.count;
    return {
      recorded: this.#recorded,
      lost: this.lost,
      unattributed: this.unattributed,
      unlisted: this.#unlisted,
      entries: entries.map(listed),
      callSets: this.#sets.report(),
    };
  }

  #addKind(ref: ContainerRef, key: string, record: SeccompRecord, timeMs: number): boolean {
    const call = callOf(record);
    const own = this.#containers.get(ref.containerId);
    const isFull = own !== undefined && own.size >= MAX_OF_CONTAINER;
    if (call.action === LOGGED && (isFull || this.#sets.has(ref))) return this.#addToSet(ref, call, record, timeMs);
    if (isFull) this.#evict(own.values());
    else if (this.#size >= MAX_OF_NODE) this.#evict(this.#entries());
    this.#insert(ref, key, call, record, timeMs);
    return true;
  }

  /** What was counted of the container so far is in the set too, so that it can make room. */
  #addToSet(ref: ContainerRef, call: Call, { syscall, comm: command }: SeccompRecord, timeMs: number): boolean {
    if (!this.#sets.has(ref)) {
      const own = [...(this.#containers.get(ref.containerId)?.values() ?? [])];
      for (const entry of own.filter(isLogged)) this.#sets.add(ref, { ...entry, ...entry.call, timeMs: entry.lastMs });
    }
    return this.#sets.add(ref, { ...call, number: syscall >>> 0, command, timeMs });
  }

  #insert(ref: ContainerRef, key: string, call: Call, record: SeccompRecord, timeMs: number): void {
    const { comm: command, exe: executable, syscall } = record;
    const times = { firstMs: timeMs, lastMs: timeMs };
    const entry = { ref, key, call, number: syscall >>> 0, command, executable, ...times, count: 1, reported: 0 };
    const entries = this.#containers.get(ref.containerId) ?? new Map<string, Entry>();
    this.#containers.set(ref.containerId, entries.set(key, entry));
    this.#size++;
  }

  /** The one that was seen longest ago goes; of those that are in a set too, if there are any. */
  #evict(candidates: Iterable<Entry>): void {
    const entries = [...candidates];
    const spare = entries.filter(each => this.#isInSet(each));
    const [oldest] = (spare.length ? spare : entries).sort((a, b) => a.lastMs - b.lastMs) as [Entry];
    const { containerId } = oldest.ref;
    const own = this.#containers.get(containerId);
    own?.delete(oldest.key);
    if (own?.size === 0) this.#containers.delete(containerId);
    this.#size--;
    if (!this.#isInSet(oldest)) this.#unlisted += oldest.count - oldest.reported;
  }

  #isInSet(entry: Entry): boolean {
    return isLogged(entry) && this.#sets.has(entry.ref);
  }

  *#entries(): Generator<Entry> {
    for (const entries of this.#containers.values()) yield* entries.values();
  }
}

function listed({ ref, call, command, executable, count, firstMs, lastMs }: Entry): NodeViolation {
  return {
    podUID: ref.podUid,
    containerID: ref.containerId,
    ...call,
    command: cut(command, 64),
    ...(executable === undefined ? {} : { executable: cut(executable, 256) }),
    count,
    firstTime: isoTime(firstMs),
    lastTime: isoTime(lastMs),
  };
}

const isLogged = ({ call }: Entry): boolean => call.action === LOGGED;
