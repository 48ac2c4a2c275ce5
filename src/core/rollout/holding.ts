import type { Labels } from '../fleet/place.ts';
import type { Mode } from '../profile/mode.ts';
import type { PlannedStage } from './plan.ts';

/** What a node can hold of one profile: its newest rules in some mode, or what was there before the rollout. */
export type Form = Mode | 'Before';

/** Which form each node should hold. */
export interface Holding {
  /** Of nodes that none of `selected` is for. */
  readonly others: Form;
  /** The first whose labels a node has decides. */
  readonly selected: readonly Selected[];
}

export interface Selected {
  readonly nodeSelector: Labels;
  readonly form: Form;
}

/**
 * At this stage of a plan (from 1; 0 is before the first): the form of the last stage so far that a node matches. A node that
 * none has selected yet keeps what it held before; where there was nothing, it gets the form that refuses nothing, since Pods
 * have to start there.
 */
export function holdingAt(plan: readonly PlannedStage[], stage: number, hasBefore: boolean): Holding {
  const passed = plan.slice(0, stage);
  const forAll = passed.findLastIndex(each => !each.nodeSelector);
  const others = passed[forAll]?.mode ?? (hasBefore ? 'Before' : 'Audit');
  const selected: Selected[] = passed
    .slice(forAll + 1)
    .reverse()
    .map(({ nodeSelector = {}, mode }) => ({ nodeSelector, form: mode }));
  // The last ones that give what all others have decide nothing.
  while (selected.at(-1)?.form === others) selected.pop();
  return { others, selected };
}

/** All nodes alike. */
export const holdingOf = (mode: Mode): Holding => ({ others: mode, selected: [] });

/** What a node with these labels should hold. */
export function formFor({ others, selected }: Holding, labels: Labels): Form {
  return selected.find(({ nodeSelector }) => hasLabels(labels, nodeSelector))?.form ?? others;
}

/** As a Pod's nodeSelector is read: all of them, with these values. */
export function hasLabels(labels: Labels, nodeSelector: Labels | undefined): boolean {
  return Object.entries(nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
}
