import type { RolloutState, SeccompProfile } from '../core/api/seccomp-profile.ts';
import { formatDuration, nodesOf, type PlannedStage, planOf } from '../core/rollout/plan.ts';

/** All rollouts, a line each, as columns. */
export function rolloutRows(profiles: readonly SeccompProfile[]): string[][] {
  const lines = profiles
    .filter(({ spec }) => spec.rollout)
    .map(profile => {
      const state = profile.status?.rollout;
      if (!state) return [profile.metadata.name, '-', '-', '-', '-', '-', 'the operator has not seen it yet'];
      const stage = planOf(profile.spec)[state.stage - 1];
      const { pods = 0, violations = 0 } = state.evidence ?? {};
      return [
        profile.metadata.name,
        `${state.stage}/${state.stages}`,
        stage?.mode ?? '-',
        state.phase,
        String(pods),
        String(violations),
        state.waitingFor ?? '-',
      ];
    });
  return [['NAME', 'STAGE', 'MODE', 'PHASE', 'PODS', 'VIOLATIONS', 'WAITING FOR'], ...lines];
}

/** One rollout, a line for each stage, as columns. */
export function stageRows({ spec, status }: SeccompProfile): string[][] {
  const lines = planOf(spec).map((stage, at) => [
    String(at + 1),
    stage.mode,
    nodesOf(stage),
    ...(status?.rollout ? seen(at + 1, stage, status.rollout) : [formatDuration(stage.soakSeconds), '-', '-', '-']),
  ]);
  return [['STAGE', 'MODE', 'NODES', 'SOAK', 'PODS', 'VIOLATIONS', 'STATE'], ...lines];
}

function seen(number: number, { soakSeconds }: PlannedStage, state: RolloutState): string[] {
  const soak = formatDuration(soakSeconds);
  if (number === state.stage && state.phase !== 'Completed') {
    const { pods = 0, violations = 0 } = state.evidence ?? {};
    const soaked = `${formatDuration(state.soakedSeconds ?? 0)} of ${soak}`;
    return [soaked, String(pods), String(violations), `${state.phase} since ${state.since}`];
  }
  const left = state.history?.find(each => each.stage === number);
  // What was taken back is in the history too, and is still to come.
  if (!left || number > state.stage) return [soak, '-', '-', left ? `${left.outcome} ${left.until}` : '-'];
  return [soak, String(left.pods ?? 0), String(left.violations ?? 0), `${left.outcome} ${left.until}`];
}

/** Below the stages: what it waits for, what was asked of it, and what nodes hold besides. */
export function notesOf({ status }: SeccompProfile): string[] {
  const state = status?.rollout;
  if (!state) return ['The operator has not seen it yet.'];
  // These say so themselves.
  const isSaid = state.phase === 'WaitingForPods' || state.phase === 'RolledBack';
  const outdated = isSaid ? 0 : (state.evidence?.outdatedPods ?? 0);
  return [
    ...(state.waitingFor ? [`Waiting for ${state.waitingFor}.`] : ['Every stage is passed.']),
    ...(outdated ? [`Pods that started before this stage and keep the filter they have: ${outdated}.`] : []),
    ...(state.answer ? [`Asked last: ${state.answer}.`] : []),
  ];
}
