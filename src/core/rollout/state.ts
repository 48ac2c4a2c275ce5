import type { RolloutState } from '../api/seccomp-profile.ts';
import { isoTime } from '../iso-time.ts';
import type { Evidence } from './evidence.ts';
import type { PlannedStage } from './plan.ts';
import { parseRequest, type Request, type Verb } from './request.ts';
import { withSummary } from './summary.ts';

/** A file that nodes held before the rollout. */
export type BeforeFile = NonNullable<RolloutState['before']>[number];

type Outcome = NonNullable<RolloutState['history']>[number]['outcome'];

const MAX_HISTORY = 10;
const MAX_TEXT = 256;

/** Phases that end only when somebody acts. */
export const isLatched = ({ phase }: Pick<RolloutState, 'phase'>): boolean =>
  phase === 'Held' || phase === 'RolledBack' || phase === 'Paused' || phase === 'Completed';

export interface Rules {
  readonly plan: readonly PlannedStage[];
  /** Of the rules as written. */
  readonly strictDigest: string;
  /** The files that all nodes were given last, by key; empty where there are none. */
  readonly published: readonly BeforeFile[];
  /** The files of the last stage, where it is for all nodes. */
  readonly last: readonly BeforeFile[] | undefined;
  /** The annotation, as it is now. */
  readonly request: string | undefined;
}

/**
 * The state that fits these rules and stages, before anything is done by it. New rules start at the first stage; where nodes
 * have passed a rollout to these same rules already (an edit was taken back), there is nothing to roll out. With the same
 * rules and other stages it goes on where the stages differ, so that none is skipped.
 */
export function settle(state: RolloutState | undefined, rules: Rules, now: Date): RolloutState {
  if (state?.strictDigest !== rules.strictDigest) return begin(state, rules, now);
  const plan = rules.plan.map(stage => stage.signature);
  if (state.plan.length === plan.length && state.plan.every((each, at) => each === plan[at])) return state;
  return revise({ ...state, plan, stages: plan.length }, state.plan, rules, now);
}

/** A request that is there already was made of another rollout: it is not carried out in this one. */
function begin(state: RolloutState | undefined, rules: Rules, now: Date): RolloutState {
  const { plan, strictDigest, published, last } = rules;
  const request = rules.request ?? state?.request;
  const isComplete = !state || state.phase === 'Completed';
  const before = isComplete ? published : (state.before ?? []);
  const isDone = last !== undefined && sameFiles(before, last);
  const history = state && !isComplete ? recorded(state, 'Replaced', modeAt(plan, state), now) : state?.history;
  return enter(
    {
      stage: 1,
      stages: plan.length,
      phase: fresh(state),
      since: '',
      strictDigest,
      plan: plan.map(stage => stage.signature),
      ...(before.length ? { before: [...before] } : {}),
      ...(request === undefined ? {} : { request: request.slice(0, MAX_TEXT) }),
      ...(history?.length ? { history } : {}),
    },
    isDone ? plan.length : 1,
    isDone ? 'Completed' : fresh(state),
    plan,
    now,
  );
}

function revise(state: RolloutState, before: readonly string[], rules: Rules, now: Date): RolloutState {
  const { plan } = state;
  if (state.phase === 'Completed') {
    // Rules that are in force stay so; only stages after the last one that was passed are left to do.
    const passed = plan.lastIndexOf(before.at(-1) as string) + 1;
    if (passed === plan.length) return withSummary({ ...state, stage: passed }, rules.plan);
    if (passed > 0) return enter(state, passed + 1, fresh(state), rules.plan, now);
  }
  const differs = plan.findIndex((signature, at) => signature !== before[at]);
  const firstNew = (differs === -1 ? plan.length : differs) + 1;
  if (firstNew > state.stage) return withSummary(state, rules.plan);
  return enter(state, Math.min(firstNew, plan.length), fresh(state), rules.plan, now);
}

/** Of a stage that an edit leads to: what was paused stays so, until somebody resumes it. */
const fresh = (state: RolloutState | undefined): RolloutState['phase'] =>
  state?.phase === 'Paused' ? 'Paused' : 'WaitingForNodes';

export interface Look {
  readonly plan: readonly PlannedStage[];
  readonly evidence: Evidence;
  /** Time that was seen to pass while it was soaking, since `soakedSeconds` was written. */
  readonly soakedMs: number;
  /** The annotation, as it is now. */
  readonly request: string | undefined;
  readonly now: Date;
}

/** One step on, or back, or none: never more than one stage at a time. */
export function advance(state: RolloutState, look: Look): RolloutState {
  const asked = answer(state, look);
  if (asked.stage !== state.stage || asked.phase === 'Completed') return asked;
  const judged = judge(count(asked, look), look);
  if (judged.stage !== state.stage) return judged;
  const seen = observe(judged, look);
  const stage = look.plan[seen.stage - 1];
  const isSoaking = judged.phase === 'Soaking' && seen.phase === 'Soaking';
  const isPassed = isSoaking && stage !== undefined && (seen.soakedSeconds ?? 0) >= stage.soakSeconds;
  return isPassed ? promote(seen, 'Promoted', look) : withSummary(seen, look.plan, look.evidence);
}

/** A request is carried out once: its text is kept, and what became of it. */
function answer(state: RolloutState, look: Look): RolloutState {
  const text = look.request?.slice(0, MAX_TEXT);
  if (!text || text === state.request) return state;
  const request = parseRequest(text);
  const [next, said] = typeof request === 'string' ? [state, request] : carryOut(state, request, look);
  return withSummary({ ...next, request: text, answer: said.slice(0, MAX_TEXT) }, look.plan, look.evidence);
}

function carryOut(state: RolloutState, { verb, stage }: Request, look: Look): [RolloutState, string] {
  if (stage !== undefined && stage !== state.stage)
    return [state, `refused: ${verb} was meant for stage ${stage}, and this is stage ${state.stage}`];
  const next = BY_HAND[verb](state, look);
  if (typeof next === 'string') return [state, `refused: ${next}`];
  return [next, `${verb} at stage ${state.stage}: now ${next.stage}/${next.stages} ${next.phase}`];
}

const BY_HAND: Record<Verb, (state: RolloutState, look: Look) => RolloutState | string> = {
  pause(state) {
    if (state.phase === 'Completed') return 'the rollout is complete, nothing moves';
    if (isLatched(state)) return `it is ${state.phase} and does not move by itself`;
    return { ...state, phase: 'Paused' };
  },
  resume(state, look) {
    if (state.phase === 'Paused') return { ...state, phase: 'WaitingForNodes' };
    if (state.phase === 'Completed' || !isLatched(state)) return 'nothing holds it';
    return state.stage === 0 ? promote(state, 'PromotedByHand', look) : looked(state);
  },
  promote(state, look) {
    return state.phase === 'Completed' ? 'the rollout is complete' : promote(state, 'PromotedByHand', look);
  },
  undo(state, look) {
    return canGoBack(state)
      ? back(state, 'Undone', look)
      : 'nodes held nothing before this stage; to refuse nothing set spec.mode to Audit in place of the rollout';
  },
};

/** What was seen is settled; from here it has to be seen anew that nothing is refused. */
function looked(state: RolloutState): RolloutState {
  return { ...state, phase: 'WaitingForNodes', soakedSeconds: 0, evidence: { ...state.evidence, violations: 0 } };
}

function count(state: RolloutState, { evidence: { newViolations, violationsInReports } }: Look): RolloutState {
  const violations = (state.evidence?.violations ?? 0) + newViolations;
  return { ...state, violationsInReports, evidence: { ...state.evidence, violations } };
}

/** What is latched stays: Pods that still run under a form that was taken back say nothing of the one before. */
function judge(state: RolloutState, look: Look): RolloutState {
  const stage = look.plan[state.stage - 1];
  const isTooMany = stage && (state.evidence?.violations ?? 0) > stage.maxViolations;
  if (!isTooMany || isLatched(state)) return state;
  return stage.rollsBack && canGoBack(state) ? back(state, 'RolledBack', look) : { ...state, phase: 'Held' };
}

/** The phase that the evidence shows, and the time it has been so. */
function observe(state: RolloutState, { plan, evidence, soakedMs, now }: Look): RolloutState {
  const stage = plan[state.stage - 1];
  const { nodes, pods, outdatedPods } = evidence;
  // Time counts that both began and ended with enough to see.
  const soaked = state.phase === 'Soaking' ? Math.max(0, soakedMs) / 1_000 : 0;
  const isFirst = state.installedAt === undefined && evidence.installed === true;
  const at = isoTime(now);
  return {
    ...state,
    phase: stage && !isLatched(state) ? phaseOf(stage, evidence) : state.phase,
    soakedSeconds: Math.floor((state.soakedSeconds ?? 0) + soaked),
    evidence: { ...state.evidence, nodes, pods, outdatedPods },
    ...(isFirst ? { installedAt: at, rulesSince: state.rulesSince ?? at } : {}),
  };
}

function phaseOf({ minPods }: PlannedStage, { installed, nodes, pods, watched }: Evidence): RolloutState['phase'] {
  const needsEvidence = minPods > 0;
  if (installed !== true || (nodes === 0 && needsEvidence)) return 'WaitingForNodes';
  if (pods < minPods) return 'WaitingForPods';
  return watched !== true && needsEvidence ? 'WaitingForReports' : 'Soaking';
}

function promote(state: RolloutState, outcome: 'Promoted' | 'PromotedByHand', look: Look): RolloutState {
  if (state.stage < look.plan.length) {
    return enter(left(state, outcome, look), state.stage + 1, 'WaitingForNodes', look.plan, look.now);
  }
  return withSummary({ ...left(state, 'Completed', look), phase: 'Completed' }, look.plan, look.evidence);
}

export const canGoBack = ({ stage, before }: RolloutState): boolean => stage > (before?.length ? 0 : 1);

function back(state: RolloutState, outcome: 'RolledBack' | 'Undone', look: Look): RolloutState {
  return enter(left(state, outcome, look), state.stage - 1, 'RolledBack', look.plan, look.now);
}

function left(state: RolloutState, outcome: Outcome, { plan, now }: Look): RolloutState {
  return { ...state, history: recorded(state, outcome, modeAt(plan, state), now) };
}

function recorded(
  { stage, since, evidence, history = [] }: RolloutState,
  outcome: Outcome,
  mode: PlannedStage['mode'],
  now: Date,
): NonNullable<RolloutState['history']> {
  const { pods = 0, violations = 0 } = evidence ?? {};
  return [{ stage, mode, outcome, since, until: isoTime(now), pods, violations }, ...history].slice(0, MAX_HISTORY);
}

/** At the beginning of a stage, with nothing seen of it. */
function enter(
  { installedAt: _, ...state }: RolloutState,
  stage: number,
  phase: RolloutState['phase'],
  plan: readonly PlannedStage[],
  now: Date,
): RolloutState {
  const evidence = { nodes: 0, pods: 0, outdatedPods: 0, violations: 0 };
  return withSummary({ ...state, stage, phase, since: isoTime(now), soakedSeconds: 0, evidence }, plan);
}

/** Where there is none (0), the first: it is what comes next. */
function modeAt(plan: readonly PlannedStage[], { stage }: RolloutState): PlannedStage['mode'] {
  return (plan[Math.max(0, stage - 1)] ?? plan.at(-1))?.mode ?? 'Audit';
}

function sameFiles(a: readonly BeforeFile[], b: readonly BeforeFile[]): boolean {
  return a.length > 0 && a.length === b.length && a.every(file => b.some(each => isSame(file, each)));
}

const isSame = (a: BeforeFile, b: BeforeFile): boolean => a.key === b.key && a.digest === b.digest;
