import type { Branch, Node, Verdict } from './tree.ts';
import { isLeaf, isSame, leadsOnlyTo, standsAfter, TreeTrouble } from './tree.ts';

/** A place that names a level by one of its nodes. */
export interface Level {
  entry: Node;
}

/** Before 2.6.1 libseccomp wrote the action of a false branch into the true one (its CHANGELOG of 2.6.1). */
export interface Quirks {
  readonly writesFalseIntoTrue: boolean;
}

/** Adds a rule's chain to a call's tree, from the level's entry on. Throws `TreeTrouble`. */
export function merge(level: Level, added: Node, quirks: Quirks): void {
  let at = level.entry;
  for (;;) {
    if (isSame(at, added)) return unite(at, added, quirks);
    if (standsAfter(at, added)) {
      linkBefore(at, added);
      if (level.entry === at) level.entry = added;
      return;
    }
    if (!at.next) return linkAfter(at, added);
    at = at.next;
    if (at === level.entry) throw new TreeTrouble('endless');
  }
}

function linkBefore(at: Node, added: Node): void {
  if (at.previous) {
    at.previous.next = added;
    added.previous = at.previous;
  }
  at.previous = added;
  added.next = at;
}

function linkAfter(at: Node, added: Node): void {
  at.next = added;
  added.previous = at;
}

/** Two equal tests become one, with what both lead to. */
function unite(at: Node, added: Node, quirks: Quirks): void {
  if (at === added) return;
  if (added.whenTrue && 'verdict' in added.whenTrue) takeTrue(at, added, added.whenTrue.verdict);
  if (added.whenFalse && 'verdict' in added.whenFalse) takeFalse(at, added, added.whenFalse.verdict, quirks);
  if (added.whenTrue && 'entry' in added.whenTrue) {
    if (isVerdict(at.whenTrue)) return;
    at.whenTrue = behind(at.whenTrue, added.whenTrue.entry, quirks);
  }
  if (added.whenFalse && 'entry' in added.whenFalse) {
    if (isVerdict(at.whenFalse)) return;
    at.whenFalse = behind(at.whenFalse, added.whenFalse.entry, quirks);
  }
}

const isVerdict = (branch: Branch): branch is { verdict: Verdict } => branch !== undefined && 'verdict' in branch;

function behind(branch: Branch, added: Node, quirks: Quirks): Branch {
  if (!branch || !('entry' in branch)) return { entry: added };
  merge(branch, added, quirks);
  return branch;
}

/** A test of an upper half speaks for a range of values; of two actions it keeps that of the larger bound. */
function takeTrue(at: Node, added: Node, verdict: Verdict): void {
  if (!isVerdict(at.whenTrue)) {
    if (!leadsOnlyTo(at.whenTrue, verdict.action)) throw new TreeTrouble('conflict');
    at.whenTrue = { verdict };
    return;
  }
  if (at.whenTrue.verdict.action === verdict.action) return;
  if (added.test.half === 'high' && added.value > at.value) at.whenTrue = { verdict };
  if (isLeaf(at) || isLeaf(added)) throw new TreeTrouble('conflict');
}

function takeFalse(at: Node, added: Node, verdict: Verdict, quirks: Quirks): void {
  if (!isVerdict(at.whenFalse)) {
    if (!leadsOnlyTo(at.whenFalse, verdict.action)) throw new TreeTrouble('conflict');
    at.whenFalse = { verdict };
    return;
  }
  if (at.whenFalse.verdict.action === verdict.action) return;
  if (added.test.half === 'high' && added.value < at.value) {
    if (!quirks.writesFalseIntoTrue) at.whenFalse = { verdict };
    else if (isVerdict(at.whenTrue)) at.whenTrue = { verdict };
  }
  if (isLeaf(at) || isLeaf(added)) throw new TreeTrouble('conflict');
}
