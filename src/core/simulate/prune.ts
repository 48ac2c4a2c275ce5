import type { Effort } from './effort.ts';
import type { Level } from './merge.ts';
import { release } from './release.ts';
import type { Branch, Node } from './tree.ts';
import { isLeaf, isSame, leadsOnlyTo, levelOf, standsAfter } from './tree.ts';

/**
 * Before a chain is merged, what it makes superfluous is taken out of the tree: longer paths to the same action that hold
 * the chain's tests. And where the tree holds a shorter path to the same action, the chain itself is superfluous.
 *
 * The search goes level by level; on the way it may skip tests of the tree or of the chain, but not of both.
 */
export interface Pruned {
  /** The tree that is left. */
  readonly root: Level | undefined;
  /** How many tests were freed. */
  readonly freed: number;
  readonly isSuperfluous: boolean;
}

export function prune(root: Level, chain: Node, action: number, effort: Effort): Pruned {
  const search: Search = { root, action, effort, freed: 0, removed: new Set(), seen: new Map() };
  const trail = searchLevel(root.entry, chain, 0, search);
  const isSuperfluous = search.freed === 0 && has(trail, MATCHES | TREE_ENDS | SKIPS_CHAIN);
  return { root: search.root, freed: search.freed, isSuperfluous };
}

/** How far tree and chain agree, as bits; which of them came to its end; which has tests that the other has not. */
type Trail = number;

const MATCHES = 1;
const HAS_MATCHED = 2;
const TREE_ENDS = 4;
const CHAIN_ENDS = 8;
const SKIPS_TREE = 16;
const SKIPS_CHAIN = 32;

const has = (trail: Trail, bits: number) => (trail & bits) === bits;

interface Search {
  root: Level | undefined;
  readonly action: number;
  readonly effort: Effort;
  freed: number;
  readonly removed: Set<Node>;
  /** Results by the first node of a level, a test of the chain and a trail: levels are reached in many ways. */
  readonly seen: Map<Node, Map<Node, Map<Trail, Result>>>;
}

interface Result {
  readonly trail: Trail;
  readonly steps: number;
}

/** Looks for the chain on this level and behind it. Returns the trail with what was found. */
function searchLevel(entry: Node, chain: Node, trail: Trail, search: Search): Trail {
  if (has(trail, HAS_MATCHED) && !has(trail, MATCHES)) return trail;
  const level = levelOf(entry);
  search.effort.look(level.length);
  const first = level[0] ?? entry;
  const known = search.seen.get(first)?.get(chain)?.get(trail);
  if (known) {
    search.effort.repeat(known.steps);
    return known.trail;
  }
  const { size } = search.removed;
  const before = search.effort.theirs;
  search.effort.spend(level.length);
  const found = searchNodes(level, chain, trail, search);
  const result = has(found, MATCHES) ? trail | found : trail & ~MATCHES;
  if (search.removed.size > size) search.seen.clear();
  else remember(search, first, chain, trail, { trail: result, steps: search.effort.theirs - before });
  return result;
}

function remember({ seen }: Search, first: Node, chain: Node, trail: Trail, result: Result): void {
  const byChain = seen.get(first) ?? new Map<Node, Map<Trail, Result>>();
  const byTrail = byChain.get(chain) ?? new Map<Trail, Result>();
  seen.set(first, byChain.set(chain, byTrail.set(trail, result)));
}

function searchNodes(level: readonly Node[], chain: Node, trail: Trail, search: Search): Trail {
  let found = trail;
  for (const at of level) {
    let step: Step;
    if (isSame(at, chain)) step = compare(at, chain, trail, found, search);
    else if (standsAfter(at, chain)) step = skipTest(at, chain, trail, found, search);
    else step = skipChain(at, chain, trail, found, search);
    found = step.found;
    if (step.isEnd) return found;
  }
  return found & ~MATCHES;
}

interface Step {
  readonly found: Trail;
  /** The search of this level ends here. */
  readonly isEnd: boolean;
}

/** The chain's test may come further down the tree. */
function skipTest(at: Node, chain: Node, trail: Trail, found: Trail, search: Search): Step {
  if (has(trail, SKIPS_CHAIN)) return { found, isEnd: true };
  for (const branch of [at.whenTrue, at.whenFalse]) {
    if (!leadsOn(branch)) continue;
    const next = searchLevel(branch.entry, chain, (trail & ~MATCHES) | SKIPS_TREE, search);
    if (has(next, MATCHES)) return { found: found | next, isEnd: true };
    if (search.removed.has(at)) break;
  }
  return { found, isEnd: false };
}

/** The tree may do without the chain's test. */
function skipChain(at: Node, chain: Node, trail: Trail, found: Trail, search: Search): Step {
  if (has(trail, SKIPS_TREE)) return { found, isEnd: true };
  for (const branch of [chain.whenTrue, chain.whenFalse]) {
    if (!leadsOn(branch)) continue;
    const next = searchLevel(at, branch.entry, (trail & ~MATCHES) | SKIPS_CHAIN, search);
    if (has(next, MATCHES)) return { found: found | next, isEnd: true };
  }
  return { found, isEnd: false };
}

/** Both have the test: what follows is compared, and a path of the tree that the chain makes superfluous is removed. */
function compare(at: Node, chain: Node, trail: Trail, before: Trail, search: Search): Step {
  let found = before | MATCHES | HAS_MATCHED | (isLeaf(chain) ? CHAIN_ENDS : 0) | (isLeaf(at) ? TREE_ENDS : 0);
  if ((at.whenTrue && !chain.whenTrue) || (at.whenFalse && !chain.whenFalse)) return { found, isEnd: true };
  if (has(found, CHAIN_ENDS | TREE_ENDS) && !isSameEnd(at, chain)) return { found, isEnd: true };
  for (const side of ['whenTrue', 'whenFalse'] as const) {
    const [mine, theirs] = [at[side], chain[side]];
    if (!leadsOn(theirs)) continue;
    const next = trail | MATCHES | HAS_MATCHED;
    found |= leadsOn(mine) ? ifMatching(searchLevel(mine.entry, theirs.entry, next, search)) : next;
    if (search.removed.has(at)) return { found, isEnd: false };
  }
  if (!leadsOnlyTo({ entry: at }, search.action)) return { found, isEnd: false };
  if (has(found, CHAIN_ENDS | SKIPS_TREE)) {
    remove(search, at);
    return { found, isEnd: search.root === undefined };
  }
  return { found, isEnd: has(found, TREE_ENDS | SKIPS_CHAIN) };
}

const ifMatching = (trail: Trail): Trail => (has(trail, MATCHES) ? trail : 0);

const isSameEnd = (a: Node, b: Node): boolean =>
  actionOf(a.whenTrue) === actionOf(b.whenTrue) && actionOf(a.whenFalse) === actionOf(b.whenFalse);

const leadsOn = (branch: Branch): branch is { entry: Node } => branch !== undefined && 'entry' in branch;

const actionOf = (branch: Branch): number | undefined =>
  branch && 'verdict' in branch ? branch.verdict.action : undefined;

/** Takes a node out of the tree, with tests that then lead nowhere. */
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

/** Ends with the first node that is freed; one that is still referred to is taken out where else it is found. */
function removeFrom(branch: Branch, node: Node, search: Search): Left {
  if (!leadsOn(branch)) return { branch, freed: 0 };
  for (const at of levelOf(branch.entry)) {
    let freed = 0;
    if (at !== node) {
      for (const side of ['whenTrue', 'whenFalse'] as const) {
        const left = removeFrom(at[side], node, search);
        at[side] = left.branch;
        freed += left.freed;
      }
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
