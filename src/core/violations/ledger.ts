import type { SeccompProfileStatus } from '../api/seccomp-profile.ts';
import { type Call, callKey } from './call.ts';
import type { NodeViolation } from './report.ts';

export type ProfileViolations = NonNullable<SeccompProfileStatus['violations']>;
export type ProfileViolation = ProfileViolations['calls'][number];

/** Which profile a container has, and what people call it. */
export interface Usage {
  readonly profile: string;
  /** `namespace/name`. */
  readonly pod: string;
  readonly podUid: string;
  /** Undefined where it is not known yet. */
  readonly container: string | undefined;
}

/** Something that came with a report. */
export interface Sighting {
  readonly node: string;
  readonly usage: Usage;
  readonly call: Call;
  readonly command: string;
  /** How often it was made since the report before. */
  readonly count: number;
  /** Nobody has seen this call under this profile before. */
  readonly isFirst: boolean;
}

export interface LedgerOptions {
  /** Undefined while it is not known; null for a container without a profile of ours. */
  readonly usageOf: (node: string, entry: NodeViolation) => Usage | null | undefined;
  /** Whether rules of the profile look at arguments of the call. */
  readonly looksAtArguments: (profile: string, syscall: string) => boolean;
}

const MAX_LISTED = 10;
/** Calls of one profile that are counted apart; more come under one heading. */
const MAX_LINES = 200;
const MAX_NAMES = 5;
/** Series of one profile in metrics, and one more. */
const MAX_COUNTS = 30;
const OTHERS: Call = { syscall: 'others', architecture: '', action: '' };

/** An entry of a node's report that was counted. */
interface Counted {
  readonly line: Line;
  readonly usage: Usage;
  count: number;
}

/** One call under one profile. */
interface Line {
  readonly call: Call;
  /** Counted in reports that are gone. */
  carried: number;
  /** Counted in reports as they are. */
  live: number;
  /** What the status said already: it never goes down. */
  readonly floor: number;
  command: string;
  firstTime: string;
  lastTime: string;
  /** The latest last. */
  readonly pods: Set<string>;
  readonly nodes: Set<string>;
}

interface Book {
  readonly lines: Map<string, Line>;
  /** Of the status that was taken up: calls that it did not list. */
  readonly carried: number;
  readonly floor: number;
  /** Up to here everything was seen by the operator before. */
  readonly knownTo: string;
}

/**
 * Adds up what nodes report by profile and call. A report says how often since when, so that one which was missed changes
 * nothing; what is in no report any more is carried over. What a status holds of it (`total` and `inReports`) is enough to go
 * on from there.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #nodes = new Map<string, Map<string, Counted>>();
  readonly #books = new Map<string, Book>();
  #touched = new Set<string>();

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Takes up a profile, where its status left off; to be called before reports of it come. */
  open(profile: string, violations: ProfileViolations | undefined): void {
    if (this.#books.has(profile)) return;
    const lines = (violations?.calls ?? []).map(each => [callKey(each), lineOf(each)] as const);
    const listed = sum(lines, ([, line]) => line.carried);
    this.#books.set(profile, {
      lines: new Map(lines),
      carried: Math.max(0, (violations?.total ?? 0) - (violations?.inReports ?? 0) - listed),
      floor: violations?.total ?? 0,
      knownTo: violations?.lastTime ?? '',
    });
  }

  close(profile: string): void {
    this.#books.delete(profile);
    for (const entries of this.#nodes.values())
      for (const [id, { usage }] of entries) if (usage.profile === profile) entries.delete(id);
  }

  /** Takes a node's report as it is now; none when the node is gone. */
  report(node: string, entries: readonly NodeViolation[]): Sighting[] {
    const before = this.#nodes.get(node) ?? new Map<string, Counted>();
    const after = new Map<string, Counted>();
    const sightings: Sighting[] = [];
    // The latest comes first in a report, and last here.
    for (const entry of entries.toReversed()) {
      const id = identityOf(entry);
      const known = before.get(id) ?? this.#counted(node, entry);
      if (!known) continue;
      before.delete(id);
      after.set(id, known);
      const { isFirst, count } = this.#count(known, node, entry);
      const { usage, line } = known;
      if (count > 0) sightings.push({ node, usage, call: line.call, command: entry.command, count, isFirst });
    }
    for (const gone of before.values()) this.#carryOver(gone);
    if (after.size) this.#nodes.set(node, after);
    else this.#nodes.delete(node);
    return sightings;
  }

  /** The profiles of which more is to be said than at the last call. */
  touched(): ReadonlySet<string> {
    const touched = this.#touched;
    this.#touched = new Set();
    return touched;
  }

  /** What the status of a profile says; nothing while nothing was seen. */
  of(profile: string): ProfileViolations | undefined {
    const book = this.#books.get(profile);
    if (!book || (book.lines.size === 0 && book.floor === 0)) return undefined;
    const lines = [...book.lines.values()].sort(
      (a, b) => countOf(b) - countOf(a) || (a.lastTime < b.lastTime ? 1 : -1),
    );
    const listed = lines.filter(({ call }) => call !== OTHERS).slice(0, MAX_LISTED);
    return {
      total: Math.max(book.floor, book.carried + sum(lines, countOf)),
      inReports: sum(lines, line => line.live),
      lastTime: lines.reduce((last, line) => (line.lastTime > last ? line.lastTime : last), book.knownTo),
      calls: listed.map(line => this.#listed(profile, line)),
      otherCalls: lines.length - listed.length,
    };
  }

  /** Counts that never go down: the calls that came first, and all others under one heading. */
  *counts(): Generator<readonly [profile: string, call: Call, count: number]> {
    for (const [profile, { lines, carried }] of this.#books) {
      let others = carried;
      let apart = 0;
      for (const line of lines.values()) {
        if (line.call !== OTHERS && apart++ < MAX_COUNTS) yield [profile, line.call, countOf(line)];
        else others += countOf(line);
      }
      if (others > 0) yield [profile, OTHERS, others];
    }
  }

  #counted(node: string, entry: NodeViolation): Counted | undefined {
    const usage = this.#options.usageOf(node, entry);
    const book = usage && this.#books.get(usage.profile);
    return book ? { usage, line: lineFor(book, entry), count: 0 } : undefined;
  }

  #count(known: Counted, node: string, entry: NodeViolation): { isFirst: boolean; count: number } {
    const { line, usage } = known;
    const book = this.#books.get(usage.profile);
    // The same container counts anew.
    if (entry.count < known.count) this.#carryOver(known);
    const count = entry.count - known.count;
    const isFirst = countOf(line) === 0 && entry.lastTime > (book?.knownTo ?? '');
    known.count = entry.count;
    line.live += count;
    if (count > 0) {
      line.command = entry.command;
      if (entry.firstTime < line.firstTime) line.firstTime = entry.firstTime;
      if (entry.lastTime > line.lastTime) line.lastTime = entry.lastTime;
      this.#touched.add(usage.profile);
      last(line.pods, usage.container === undefined ? usage.pod : `${usage.pod}/${usage.container}`);
      last(line.nodes, node);
    }
    return { isFirst, count };
  }

  #carryOver(counted: Counted): void {
    counted.line.live -= counted.count;
    counted.line.carried += counted.count;
    counted.count = 0;
    this.#touched.add(counted.usage.profile);
  }

  #listed(profile: string, line: Line): ProfileViolation {
    return {
      ...line.call,
      arguments: this.#options.looksAtArguments(profile, line.call.syscall) ? 'Conditional' : 'Any',
      count: countOf(line),
      inReports: line.live,
      firstTime: line.firstTime,
      lastTime: line.lastTime,
      command: line.command,
      pods: [...line.pods].reverse(),
      nodes: [...line.nodes].reverse(),
    };
  }
}

/** The same entry in the next report. */
const identityOf = (entry: NodeViolation): string =>
  [entry.podUID, entry.containerID, callKey(entry), entry.firstTime].join(' ');

const countOf = ({ floor, carried, live }: Line): number => Math.max(floor, carried + live);

function lineFor({ lines }: Book, { syscall, architecture, action, firstTime, lastTime, command }: NodeViolation) {
  const call: Call = { syscall, architecture, action };
  const known = lines.get(callKey(call)) ?? (lines.size >= MAX_LINES ? lines.get(callKey(OTHERS)) : undefined);
  if (known) return known;
  const own = lines.size >= MAX_LINES ? OTHERS : call;
  const line = { call: own, carried: 0, live: 0, floor: 0, command, firstTime, lastTime, pods: new Set<string>() };
  const complete: Line = { ...line, nodes: new Set<string>() };
  lines.set(callKey(own), complete);
  return complete;
}

function lineOf({ count, inReports, pods, nodes, command = '', firstTime, lastTime, ...rest }: ProfileViolation): Line {
  const { syscall, architecture, action } = rest;
  return {
    call: { syscall, architecture, action },
    carried: Math.max(0, count - inReports),
    live: 0,
    floor: count,
    command,
    firstTime,
    lastTime,
    pods: new Set(pods.toReversed()),
    nodes: new Set(nodes.toReversed()),
  };
}

function last(names: Set<string>, name: string): void {
  names.delete(name);
  names.add(name);
  const [oldest] = names;
  if (names.size > MAX_NAMES) names.delete(oldest as string);
}

function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}
