import type { RolloutState } from '../api/seccomp-profile.ts';
import { nodesOf, type PlannedStage } from './plan.ts';

/** What an Event tells of a step. */
export interface StepText {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
}

/** Of a step that somebody waits for or has to act on; nothing where it only comes along. */
export function stepText(
  before: RolloutState | undefined,
  after: RolloutState,
  plan: readonly PlannedStage[],
): StepText | undefined {
  const moved = before?.stage !== after.stage || before.strictDigest !== after.strictDigest;
  if (moved || before?.phase !== after.phase) {
    const text = transition(before, after, plan, moved);
    if (text) return text;
  }
  const isRefusal = before?.request !== after.request && after.answer?.startsWith('refused');
  return isRefusal ? { type: 'Warning', reason: 'RolloutRequestRefused', note: after.answer ?? '' } : undefined;
}

function transition(
  before: RolloutState | undefined,
  after: RolloutState,
  plan: readonly PlannedStage[],
  moved: boolean,
): StepText | undefined {
  const where = `stage ${after.stage} of ${after.stages}`;
  switch (after.phase) {
    case 'Completed':
      return {
        type: 'Normal',
        reason: 'RolloutCompleted',
        note: `${where} is passed: ${stageText(plan, after.stage)}`,
      };
    case 'Held':
      return { type: 'Warning', reason: 'RolloutHeld', note: `${where} waits for ${after.waitingFor ?? ''}` };
    case 'RolledBack':
      return { type: 'Warning', reason: 'RolloutRolledBack', note: `${where} waits for ${after.waitingFor ?? ''}` };
    case 'Paused':
      return { type: 'Normal', reason: 'RolloutPaused', note: `paused at ${where}` };
  }
  if (moved) {
    const isNew = before?.strictDigest !== after.strictDigest;
    const reason = isNew ? 'RolloutStarted' : 'RolloutPromoted';
    return { type: 'Normal', reason, note: `${where} begins: ${stageText(plan, after.stage)}` };
  }
  const isResumed = before?.phase === 'Paused' || before?.phase === 'Held' || before?.phase === 'RolledBack';
  return isResumed ? { type: 'Normal', reason: 'RolloutResumed', note: `${where} goes on` } : undefined;
}

function stageText(plan: readonly PlannedStage[], at: number): string {
  const stage = plan[at - 1];
  return stage ? `${stage.mode} on ${nodesOf(stage)}` : 'what nodes held before';
}
