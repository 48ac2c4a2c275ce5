import { type Branch, levelOf, type Node } from './tree.ts';

/*
 * Tests that nothing refers to any more are freed. libseccomp's count of a call's tests, by which calls are put in order,
 * is what it adds less what it frees, and it does not free all.
 */

/** Gives up one reference to a node. Returns how many nodes that frees. */
export function release(node: Node): number {
  node.references--;
  return node.references === 0 ? free(node) : 0;
}

/** Gives up one reference to a level: all of it goes when no test leads to it any more. */
export function releaseLevel(entry: Node): number {
  const { previous, next } = entry;
  const freed = release(entry);
  const left = freed === 0 ? entry : (previous ?? next);
  return left ? freed + clean(left) : freed;
}

function free(node: Node): number {
  const { previous, next, whenTrue, whenFalse } = node;
  if (previous) previous.next = next;
  if (next) next.previous = previous;
  const behind = (branch: Branch) => (branch && 'entry' in branch ? releaseLevel(branch.entry) : 0);
  return 1 + behind(whenTrue) + behind(whenFalse);
}

function clean(entry: Node): number {
  const level = levelOf(entry);
  const isReferredTo = (each: Node) => each.references > (each.previous ? 1 : 0) + (each.next ? 1 : 0);
  if (level.some(isReferredTo)) return 0;
  return level.reduce((freed, each) => freed + free(each), 0);
}
