import type { Effort } from './effort.ts';
import { release } from './release.ts';
import type { Branch, Node, Verdict } from './tree.ts';
import { isLeaf, isSame, leadsOnlyTo, standsAfter, TreeTrouble, to } from './tree.ts';

/** A place that names a level by one of its nodes. */
export interface Level {
  entry: Node;
}

/** How a filter is built. */
export interface Making {
  /** libseccomp before 2.6.1 wrote the action of a false branch into the true one (its CHANGELOG of 2.6.1). */
  readonly writesFalseIntoTrue: boolean;
  /** From 2.5.2 on a multiplexed call gets a rule of its own also where the architecture has no such call. */
  readonly addsAbsentCalls: boolean;
  readonly effort: Effort;
}

/**
 * Adds a rule's chain to a call's tree, from the level's entry on. Returns how many tests of the tree were dropped.
 * Throws `TreeTrouble`.
 */
export function merge(level: Level, added: Node, making: Making): number {
  let at = level.entry;
  for (;;) {
    if (isSame(at, added)) return unite(at, added, making);
    if (standsAfter(at, added)) {
      linkBefore(at, added);
      if (level.entry === at) {
        level.entry = added;
        added.references++;
        at.references--;
      }
      return 0;
    }
    if (!at.next) {
      linkAfter(at, added);
      return 0;
    }
    at = at.next;
    if (at === level.entry) throw new TreeTrouble('endless');
  }
}

function linkBefore(at: Node, added: Node): void {
  if (at.previous) {
    at.previous.next = added;
    added.previous = at.previous;
    added.references++;
  } else at.references++;
  at.previous = added;
  added.next = at;
  added.references++;
}

function linkAfter(at: Node, added: Node): void {
  at.next = added;
  added.previous = at;
  at.references++;
  added.references++;
}

/** Two equal tests become one, with what both lead to. */
function unite(at: Node, added: Node, making: Making): number {
  if (at === added) return 0;
  let dropped = 0;
  if (added.whenTrue && 'verdict' in added.whenTrue) dropped += takeTrue(at, added, added.whenTrue.verdict);
  if (added.whenFalse && 'verdict' in added.whenFalse) dropped += takeFalse(at, added, added.whenFalse.verdict, making);
  if (added.whenTrue && 'entry' in added.whenTrue) {
    if (isVerdict(at.whenTrue)) return dropped;
    if (at.whenTrue) dropped += merge(at.whenTrue, added.whenTrue.entry, making);
    else at.whenTrue = to(added.whenTrue.entry);
  }
  if (added.whenFalse && 'entry' in added.whenFalse) {
    if (isVerdict(at.whenFalse)) return dropped;
    if (at.whenFalse) dropped += merge(at.whenFalse, added.whenFalse.entry, making);
    else at.whenFalse = to(added.whenFalse.entry);
  }
  return dropped;
}

const isVerdict = (branch: Branch): branch is { verdict: Verdict } => branch !== undefined && 'verdict' in branch;

/** A test of an upper half speaks for a range of values; of two actions it keeps that of the larger bound. */
function takeTrue(at: Node, added: Node, verdict: Verdict): number {
  if (!isVerdict(at.whenTrue)) {
    if (!leadsOnlyTo(at.whenTrue, verdict.action)) throw new TreeTrouble('conflict');
    const dropped = at.whenTrue ? release(at.whenTrue.entry) : 0;
    at.whenTrue = { verdict };
    return dropped;
  }
  if (at.whenTrue.verdict.action === verdict.action) return 0;
  if (added.test.half === 'high' && added.value > at.value) at.whenTrue = { verdict };
  if (isLeaf(at) || isLeaf(added)) throw new TreeTrouble('conflict');
  return 0;
}

function takeFalse(at: Node, added: Node, verdict: Verdict, making: Making): number {
  if (!isVerdict(at.whenFalse)) {
    if (!leadsOnlyTo(at.whenFalse, verdict.action)) throw new TreeTrouble('conflict');
    const dropped = at.whenFalse ? release(at.whenFalse.entry) : 0;
    at.whenFalse = { verdict };
    return dropped;
  }
  if (at.whenFalse.verdict.action === verdict.action) return 0;
  if (added.test.half === 'high' && added.value < at.value) {
    if (!making.writesFalseIntoTrue) at.whenFalse = { verdict };
    else if (isVerdict(at.whenTrue)) at.whenTrue = { verdict };
  }
  if (isLeaf(at) || isLeaf(added)) throw new TreeTrouble('conflict');
  return 0;
}
