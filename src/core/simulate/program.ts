import type { Branch, Node, Test, Verdict } from './tree.ts';
import { levelOf } from './tree.ts';

/*
 * The order in which a tree is tested, with the accumulator.
 *
 * A BPF program has one accumulator. libseccomp loads half an argument into it, and the next test takes it for granted that
 * it is still there, unless it was reached first by a way on which it is not: only that way is looked at. So a test can see
 * the half that another test has loaded.
 *
 * Source: libseccomp 2.5.0 to 2.6.1, src/gen_bpf.c, by its behaviour.
 */

/** Half an argument, masked. */
export interface Loaded {
  readonly argument: number;
  readonly half: Test['half'];
  readonly mask: number;
}

export type Target = Block | Verdict | undefined;

/** One comparison of the program; without a target the default action follows. */
export interface Block {
  readonly id: number;
  readonly test: Test;
  /** What it expects in the accumulator; nothing where it loads what it needs. */
  readonly expects: Loaded | undefined;
  readonly whenTrue: Target;
  readonly whenFalse: Target;
  /** Loads what it expects, since the first that leads to it leaves something else. */
  reloads: boolean;
  isPlaced: boolean;
}

export const isBlock = (target: Target): target is Block => target !== undefined && 'test' in target;

/** Equal blocks are one, whatever call or architecture they are of. */
type Blocks = Map<string, Block>;

/** Levels that are written already: by what follows and what is in the accumulator. */
type Levels = Map<Node, Map<string, Block>>;

export interface Programs {
  /** Where each call's program begins. */
  readonly starts: readonly Block[];
  /** How many instructions the blocks are. */
  readonly instructions: number;
}

/** The programs of a filter's calls, given their trees in the order in which libseccomp writes them. */
export function programsOf(trees: readonly Node[]): Programs {
  const written: Written = { blocks: new Map(), levels: new Map() };
  const starts = trees.map(tree => writeLevel(tree, undefined, undefined, written));
  // What a block is led to from is settled from the end of the program to its beginning.
  for (const start of starts.toReversed()) if (!start.isPlaced) place(start);
  const placed = [...written.blocks.values()].filter(({ isPlaced }) => isPlaced);
  return { starts, instructions: placed.reduce((sum, block) => sum + lengthOf(block), 0) };
}

/** A jump, and before it what loads and masks. */
function lengthOf({ test, expects, reloads }: Block): number {
  const loads = !expects || reloads ? 1 : 0;
  const masksAgain = expects && reloads && expects.mask !== ALL_BITS ? 1 : 0;
  const masks = test.mask !== (expects?.mask ?? ALL_BITS) ? 1 : 0;
  return 1 + loads + masksAgain + masks;
}

const ALL_BITS = 0xffffffff;

interface Written {
  readonly blocks: Blocks;
  readonly levels: Levels;
}

/** The blocks of one level; the last one goes on to `after`. */
function writeLevel(entry: Node, after: Target, accumulator: Loaded | undefined, written: Written): Block {
  const level = levelOf(entry);
  const first = level[0] ?? entry;
  const key = JSON.stringify([nameOf(after), accumulator]);
  const known = written.levels.get(first)?.get(key);
  if (known) return known;
  const block = writeNodes(level, after, accumulator, written);
  const ways = written.levels.get(first) ?? new Map<string, Block>();
  written.levels.set(first, ways.set(key, block));
  return block;
}

function writeNodes(level: readonly Node[], after: Target, accumulator: Loaded | undefined, written: Written): Block {
  let current = accumulator;
  const steps = level.map(node => {
    const expects = current && has(current, node.test) ? current : undefined;
    current = loadedBy(node.test);
    return { node, expects };
  });
  let following = after;
  for (const { node, expects } of steps.reverse()) {
    const target = (branch: Branch): Target => {
      if (!branch) return following;
      return 'verdict' in branch ? branch.verdict : writeLevel(branch.entry, following, loadedBy(node.test), written);
    };
    following = block(node.test, expects, target(node.whenTrue), target(node.whenFalse), written.blocks);
  }
  return following as Block;
}

const loadedBy = ({ argument, half, mask }: Test): Loaded => ({ argument, half, mask });

const has = (loaded: Loaded, { argument, half, mask }: Test): boolean =>
  loaded.argument === argument && loaded.half === half && (loaded.mask & mask) >>> 0 === mask;

function block(test: Test, expects: Loaded | undefined, whenTrue: Target, whenFalse: Target, blocks: Blocks): Block {
  const key = JSON.stringify([test, expects, nameOf(whenTrue), nameOf(whenFalse)]);
  const known = blocks.get(key);
  if (known) return known;
  const made = { id: blocks.size, test, expects, whenTrue, whenFalse, reloads: false, isPlaced: false };
  blocks.set(key, made);
  return made;
}

const nameOf = (target: Target) => (isBlock(target) ? `block ${target.id}` : target?.action);

/** Depth first, true before false: the first that leads to a block decides whether it loads. */
function place(from: Block): void {
  from.isPlaced = true;
  const leaves = loadedBy(from.test);
  for (const target of [from.whenTrue, from.whenFalse]) {
    if (!isBlock(target) || target.isPlaced) continue;
    target.reloads = target.expects !== undefined && !isEqual(target.expects, leaves);
    place(target);
  }
}

const isEqual = (a: Loaded, b: Loaded): boolean => a.argument === b.argument && a.half === b.half && a.mask === b.mask;

/** Runs the program; nothing where no rule's action is reached. */
export function run(first: Block, args: readonly bigint[]): Verdict | undefined {
  let accumulator = 0;
  let at: Target = first;
  while (isBlock(at)) {
    const { test, expects }: Block = at;
    if (!expects) accumulator = load(loadedBy(test), args);
    else if (at.reloads) accumulator = load(expects, args);
    if (expects && expects.mask !== test.mask) accumulator = (accumulator & test.mask) >>> 0;
    at = meets(test, accumulator) ? at.whenTrue : at.whenFalse;
  }
  return at;
}

/** Every verdict that can be reached when some arguments are not known; `undefined` among them for the default. */
export function reachable(first: Block, args: readonly (bigint | undefined)[]): Set<Verdict | undefined> {
  const found = new Set<Verdict | undefined>();
  const seen = new Set<string>();
  const follow = (at: Target, before: number | undefined) => {
    if (!isBlock(at)) return found.add(at);
    const key = `${at.id} ${before}`;
    if (seen.has(key)) return found;
    seen.add(key);
    const { test, expects } = at;
    let value = before;
    if (!expects) value = loadKnown(loadedBy(test), args);
    else if (at.reloads) value = loadKnown(expects, args);
    if (value !== undefined && expects && expects.mask !== test.mask) value = (value & test.mask) >>> 0;
    const isTrue = value === undefined ? undefined : meets(test, value);
    if (isTrue !== false) follow(at.whenTrue, value);
    if (isTrue !== true) follow(at.whenFalse, value);
    return found;
  };
  return follow(first, 0);
}

const loadKnown = (loaded: Loaded, args: readonly (bigint | undefined)[]): number | undefined =>
  loaded.mask === 0 || args[loaded.argument] !== undefined ? load(loaded, args) : undefined;

function load({ argument, half, mask }: Loaded, args: readonly (bigint | undefined)[]): number {
  const value = args[argument] ?? 0n;
  return Number(half === 'high' ? (value >> 32n) & 0xffffffffn : value & 0xffffffffn) & mask;
}

function meets({ op, datum }: Test, accumulator: number): boolean {
  const value = accumulator >>> 0;
  switch (op) {
    case 'EQ':
    case 'MASKED_EQ':
      return value === datum;
    case 'GT':
      return value > datum;
    case 'GE':
      return value >= datum;
  }
}
