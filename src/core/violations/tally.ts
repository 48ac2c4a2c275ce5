import type { SeccompNodeStatus } from '../api/seccomp-node.ts';
import type { SeccompRecord } from '../audit/record.ts';
import { cut } from '../status/name-list.ts';
import { type Call, callOf } from './call.ts';
import type { ContainerRef } from './cgroup.ts';

export type NodeViolations = NonNullable<SeccompNodeStatus['violations']>;
export type NodeViolation = NodeViolations['entries'][number];

export type Counts = Pick<NodeViolations, 'recorded' | 'lost' | 'unattributed' | 'unlisted' | 'entries'>;

/** Bounds of `SeccompNode.status.violations.entries`: one noisy container does not crowd out the others. */
const MAX_OF_CONTAINER = 20;
const MAX_OF_NODE = 100;

interface Entry {
  readonly ref: ContainerRef;
  readonly key: string;
  readonly call: Call;
  readonly command: string;
  readonly executable: string | undefined;
  readonly firstMs: number;
  lastMs: number;
  count: number;
  /** Of `count`, what a report held already. */
  reported: number;
}

/** Counts what was called where on one node, within bounds whatever is called how often. */
export class Tally {
  readonly #containers = new Map<string, Map<string, Entry>>();
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

  /** Counts a record of a call made in this container; true when there was no entry for such a call yet. */
  add(ref: ContainerRef, record: SeccompRecord, nowMs: number): boolean {
    this.#recorded++;
    const { arch, syscall, code, timeMs = nowMs } = record;
    const key = `${arch} ${syscall} ${code}`;
    const entry = this.#containers.get(ref.containerId)?.get(key);
    if (!entry) {
      this.#insert(ref, key, record, timeMs);
      return true;
    }
    entry.count++;
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
    };
  }

  #insert(ref: ContainerRef, key: string, record: SeccompRecord, timeMs: number): void {
    const own = this.#containers.get(ref.containerId);
    if (own && own.size >= MAX_OF_CONTAINER) this.#evict(own.values());
    else if (this.#size >= MAX_OF_NODE) this.#evict(this.#entries());
    const { comm: command, exe: executable } = record;
    const call = callOf(record);
    const entry = { ref, key, call, command, executable, firstMs: timeMs, lastMs: timeMs, count: 1, reported: 0 };
    const entries = this.#containers.get(ref.containerId) ?? new Map<string, Entry>();
    this.#containers.set(ref.containerId, entries.set(key, entry));
    this.#size++;
  }

  /** The one that was seen longest ago goes. */
  #evict(entries: Iterable<Entry>): void {
    const [oldest] = [...entries].sort((a, b) => a.lastMs - b.lastMs) as [Entry];
    const { containerId } = oldest.ref;
    const own = this.#containers.get(containerId);
    own?.delete(oldest.key);
    if (own?.size === 0) this.#containers.delete(containerId);
    this.#size--;
    this.#unlisted += oldest.count - oldest.reported;
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

const isoTime = (ms: number) => new Date(ms).toISOString().replace(/\.\d+/, '');
