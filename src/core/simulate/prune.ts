import type { Level } from './merge.ts';
import { release } from './release.ts';
import type { Branch, Node } from './tree.ts';
import { isLeaf, isSame, leadsOnlyTo, levelOf, standsAfter } from './tree.ts';

/**
 * Before a chain is merged, what it makes superfluous is taken out of the tree: longer paths to the same action that hold
 * the chain's tests. And where the tree holds a shorter path to the same action, the chain itself is superfluous.
 *
 * The search compares level by level; on the way it may skip tests of the tree or of the chain, but not of both.
 */
export interface Pruned {
  /** The tree that is left. */
  readonly root: Level | undefined;
  /** How many tests were freed. */
  readonly freed: number;
  readonly isSuperfluous: boolean;
}

/** How far the search agrees, and which side has tests that the other has not. */
interface Trail {
  isMatch: boolean;
  hasMatched: boolean;
  isTreeAtEnd: boolean;
  isChainAtEnd: boolean;
  skipsTree: boolean;
  skipsChain: boolean;
}

interface Search {
  root: Level | undefined;
  freed: number;
  readonly removed: Set<Node>;
  readonly action: number;
}

export function prune(root: Level, chain: Node, action: number): Pruned {
  const search: Search = { root, freed: 0, removed: new Set(), action };
  const trail: Trail = {
    isMatch: false,
    hasMatched: false,
    isTreeAtEnd: false,
    isChainAtEnd: false,
    skipsTree: false,
    skipsChain: false,
  };
  pruneLevel(root.entry, chain, trail, search);
  const isSuperfluous = search.freed === 0 && trail.isMatch && trail.isTreeAtEnd && trail.skipsChain;
  return { root: search.root, freed: search.freed, isSuperfluous };
}

/** Reports into `trail` whether the chain was found on this level or behind it. */
function pruneLevel(entry: Node, chain: Node, trail: Trail, search: Search): void {
  if (trail.hasMatched && !trail.isMatch) return;
  const found = { ...trail };
  const settle = () => {
    if (found.isMatch) merge(trail, found);
    else trail.isMatch = false;
  };
  for (const at of levelOf(entry)) {
    if (isSame(at, chain)) {
      if (compareSame(at, chain, trail, found, search)) return settle();
    } else if (standsAfter(at, chain)) {
      if (trail.skipsChain) return settle();
      const behind = { ...trail, isMatch: false, skipsTree: true };
      for (const branch of [at.whenTrue, at.whenFalse]) {
        if (!leadsOn(branch)) continue;
        const next = { ...behind };
        pruneLevel(branch.entry, chain, next, search);
        if (next.isMatch) {
          merge(found, next);
          return settle();
        }
        if (search.removed.has(at)) break;
      }
    } else {
      if (trail.skipsTree) return settle();
      for (const branch of [chain.whenTrue, chain.whenFalse]) {
        if (!leadsOn(branch)) continue;
        const next = { ...trail, isMatch: false, skipsChain: true };
        pruneLevel(at, branch.entry, next, search);
        if (next.isMatch) {
          merge(found, next);
          return settle();
        }
      }
    }
  }
  found.isMatch = false;
  settle();
}

/** Returns whether the search ends here. */
function compareSame(at: Node, chain: Node, trail: Trail, found: Trail, search: Search): boolean {
  found.isMatch = true;
  found.hasMatched = true;
  if (isLeaf(chain)) found.isChainAtEnd = true;
  if (isLeaf(at)) found.isTreeAtEnd = true;
  if ((at.whenTrue && !chain.whenTrue) || (at.whenFalse && !chain.whenFalse)) return true;
  if (found.isChainAtEnd && found.isTreeAtEnd) {
    if (verdictOf(at.whenTrue) !== verdictOf(chain.whenTrue)) return true;
    if (verdictOf(at.whenFalse) !== verdictOf(chain.whenFalse)) return true;
  }
  for (const [mine, theirs] of [
    [at.whenTrue, chain.whenTrue],
    [at.whenFalse, chain.whenFalse],
  ]) {
    if (!leadsOn(theirs)) continue;
    const next = { ...trail, isMatch: true, hasMatched: true };
    if (leadsOn(mine)) pruneLevel(mine.entry, theirs.entry, next, search);
    if (next.isMatch) merge(found, next);
    if (search.removed.has(at)) return false;
  }
  if (!levelLeadsOnlyTo(at, search.action)) return false;
  if (found.isChainAtEnd && found.skipsTree) {
    remove(search, at);
    return search.root === undefined;
  }
  return found.isTreeAtEnd && found.skipsChain;
}

const leadsOn = (branch: Branch): branch is { entry: Node } => branch !== undefined && 'entry' in branch;

const verdictOf = (branch: Branch): number | undefined =>
  branch && 'verdict' in branch ? branch.verdict.action : undefined;

const levelLeadsOnlyTo = (at: Node, action: number): boolean => leadsOnlyTo({ entry: at }, action);

function merge(into: Trail, from: Trail): void {
  for (const key of Object.keys(into) as (keyof Trail)[]) into[key] ||= from[key];
}

/** Takes a node out wherever the tree refers to it, with tests that then lead nowhere. */
function remove(search: Search, node: Node): void {
  if (!search.root) return;
  const { branch, freed } = removeFrom(search.root, node, search);
  search.root = leadsOn(branch) ? branch : undefined;
  search.freed += freed;
}

interface Left {
  readonly branch: Branch;
  readonly freed: number;
}

function removeFrom(branch: Branch, node: Node, search: Search): Left {
  if (!leadsOn(branch)) return { branch, freed: 0 };
  for (const at of levelOf(branch.entry)) {
    let freed = 0;
    if (at !== node) {
      const [whenTrue, whenFalse] = [removeFrom(at.whenTrue, node, search), removeFrom(at.whenFalse, node, search)];
      at.whenTrue = whenTrue.branch;
      at.whenFalse = whenFalse.branch;
      freed = whenTrue.freed + whenFalse.freed;
    }
    if (at === node || (!at.whenTrue && !at.whenFalse)) return takeOut(branch, at, freed, search);
    if (freed > 0) return { branch, freed };
  }
  return { branch, freed: 0 };
}

function takeOut(branch: { entry: Node }, at: Node, freed: number, search: Search): Left {
  const neighbour = at.previous ?? at.next;
  if (at.previous) at.previous.next = at.next;
  if (at.next) at.next.previous = at.previous;
  at.previous = undefined;
  at.next = undefined;
  search.removed.add(at);
  const all = freed + release(at);
  if (branch.entry !== at) return { branch, freed: all };
  return { branch: neighbour ? { entry: neighbour } : undefined, freed: all };
}
