import type { RolloutState } from '../api/seccomp-profile.ts';
import { counted, cut } from '../status/name-list.ts';
import type { Evidence } from './evidence.ts';
import { formatDuration, nodesOf, type PlannedStage } from './plan.ts';

/** The state with what it says to people: `2/3 Soaking`, and what it waits for. */
export function withSummary(state: RolloutState, plan: readonly PlannedStage[], evidence?: Evidence): RolloutState {
  const { waitingFor: _, ...rest } = state;
  const waitingFor = state.phase === 'Completed' ? undefined : WAITING[state.phase](state, plan, evidence);
  return {
    ...rest,
    summary: `${state.stage}/${state.stages} ${state.phase}`,
    ...(waitingFor === undefined ? {} : { waitingFor: cut(waitingFor, 1024) }),
  };
}

type Words = (state: RolloutState, plan: readonly PlannedStage[], evidence: Evidence | undefined) => string;

const WAITING: Record<Exclude<RolloutState['phase'], 'Completed'>, Words> = {
  WaitingForNodes({ stage }, plan, evidence) {
    const { nodeSelector } = plan[stage - 1] ?? {};
    if (evidence?.installed === true)
      return `a node with the labels ${nodesOf({ nodeSelector })}: label one, or promote by hand`;
    return `nodes to hold the form of stage ${stage}${evidence ? `: ${evidence.installed}` : ''}`;
  },
  WaitingForReports(_state, _plan, evidence) {
    const where = evidence?.watched === true ? 'somewhere' : evidence?.watched;
    return `violations to be counted, else none is no evidence: ${where}`;
  },
  WaitingForPods({ stage }, plan, evidence) {
    const { pods = 0, outdatedPods = 0 } = evidence ?? {};
    const wanted = plan[stage - 1]?.minPods ?? 1;
    const restart = outdatedPods ? `. ${ofPods(outdatedPods)} started before: restart to bring under this form` : '';
    return `${ofPods(wanted)} to be ready that started under stage ${stage}; ${pods} so far${restart}`;
  },
  Soaking({ stage, soakedSeconds = 0 }, plan) {
    const { soakSeconds = 0, isSilent } = plan[stage - 1] ?? {};
    return `${formatDuration(soakSeconds)} under stage ${stage}; ${formatDuration(soakedSeconds)} so far${isSilent ? SILENT : ''}`;
  },
  Held({ stage, evidence }, plan) {
    const allowed = plan[stage - 1]?.maxViolations ?? 0;
    return `somebody to act: ${counted(evidence?.violations ?? 0, 'violation')} at stage ${stage}, and ${allowed} are allowed. ${ACT}`;
  },
  RolledBack({ history, evidence }) {
    const [last] = history ?? [];
    const why = last?.outcome === 'RolledBack' ? `after ${counted(last.violations ?? 0, 'violation')}` : 'by hand';
    const outdated = evidence?.outdatedPods ?? 0;
    const restart = outdated
      ? ` ${ofPods(outdated)} may still run under the form that was taken back: restart them.`
      : '';
    return `somebody to act: stage ${last?.stage ?? '?'} was taken back ${why}.${restart} ${ACT}`;
  },
  Paused() {
    return 'kubectl seccomp rollout resume: it is paused by hand';
  },
};

const SILENT =
  '. What it refuses with an error number is not logged without SECCOMP_FILTER_FLAG_LOG in spec.flags, and not counted';

const ACT = 'Change the profile, or resume, promote or undo with kubectl seccomp rollout';

const ofPods = (count: number): string => counted(count, 'Pod');
