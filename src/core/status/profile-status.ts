import type { Condition, RolloutState, SeccompProfileStatus } from '../api/seccomp-profile.ts';
import { isLatched } from '../rollout/state.ts';
import { type ViolationFacts, violationConditions } from '../violations/conditions.ts';
import { mergeConditions, type StatedCondition } from './conditions.ts';
import type { Installation } from './installation.ts';
import type { LintReport } from './lint-report.ts';
import { cut, nameList } from './name-list.ts';

/** What the steps of a profile's reconciliation found, as input of its status. */
export interface ProfileFacts extends ViolationFacts {
  readonly generation: number;
  readonly localhostProfile: string;
  /** Nothing where nodes are back at what they held before a rollout. */
  readonly mode: SeccompProfileStatus['mode'];
  readonly rollout: RolloutState | undefined;
  /** Nodes that the rollout leaves with what they held before it. */
  readonly older: readonly string[];
  readonly phase: ProfilePhase;
  /** Files on nodes, by node architecture; empty when there is none. */
  readonly digests: ReadonlyMap<string, string>;
  readonly installation: Installation;
  /** Nodes that it is still being removed from, once it is published no more. */
  readonly leaving: readonly string[];
  /** Nothing while the linter has not looked at this generation. */
  readonly lint?: LintReport | undefined;
  /** Pods that refer to it and have not ended: how many, and the first of their names in order. */
  readonly users: { readonly count: number; readonly first: readonly string[] };
}

export type ProfilePhase =
  | { readonly is: 'published' }
  /** The newest generation has not been rendered yet. */
  | { readonly is: 'rendering' }
  /** The profile cannot be rendered until somebody changes it, or one it is based on. */
  | { readonly is: 'stalled'; readonly reason: string; readonly message: string }
  /** The rendered form could not be written to the API server; it is tried again. */
  | { readonly is: 'retrying'; readonly reason: string; readonly message: string }
  | { readonly is: 'disabled' }
  | { readonly is: 'deleting' };

const MAX_FAILURES = 10;

/** The status to write. `previous` gives the times of conditions that did not change. */
export function profileStatus(
  facts: ProfileFacts,
  previous: SeccompProfileStatus | undefined,
  now: Date,
): SeccompProfileStatus {
  const { installation, generation } = facts;
  const stated = [...statedConditions(facts), ...violationConditions(facts, now)];
  const [digest] = facts.digests.values();
  const variants = new Set(facts.digests.values()).size > 1;
  return {
    observedGeneration: generation,
    localhostProfile: facts.localhostProfile,
    ...(facts.mode ? { mode: facts.mode } : {}),
    ...(facts.rollout ? { rollout: facts.rollout } : {}),
    ...(digest ? { digest } : {}),
    ...(variants
      ? { variants: [...facts.digests].map(([architecture, each]) => ({ architecture, digest: each })) }
      : {}),
    nodes: {
      desired: installation.desired,
      installed: installation.installed,
      failed: installation.failed.length,
      unreachable: installation.unreachable.length,
      summary: `${installation.installed}/${installation.desired}`,
    },
    ...(installation.failed.length
      ? {
          failures: installation.failed
            .slice(0, MAX_FAILURES)
            .map(({ node, reason, message }) => ({ node, reason, message: cut(message, 256) })),
        }
      : {}),
    ...(facts.lint?.warnings.length ? { warnings: [...facts.lint.warnings] } : {}),
    usedBy: facts.users.count,
    ...(facts.violations ? { violations: facts.violations } : {}),
    conditions: mergeConditions((previous?.conditions ?? []) as Condition[], stated, generation, now),
  };
}

function firstOf({ count, first }: ProfileFacts['users']): string {
  const others = count - first.length;
  return first.join(', ') + (others > 0 ? ` and ${others} more` : '');
}

/** Ready, and what is abnormal: `Reconciling` while it will end by itself, `Stalled` when somebody must act. */
function statedConditions(facts: ProfileFacts): StatedCondition[] {
  return [...readyConditions(facts), ...rolledOut(facts), ...(facts.lint ? [facts.lint.condition] : [])];
}

/** How far the rollout is; nodes may hold what they should all the while. */
function rolledOut({ rollout, phase }: ProfileFacts): StatedCondition[] {
  if (!rollout || phase.is === 'deleting') return [];
  const { phase: reason, summary = '', waitingFor } = rollout;
  if (reason === 'Completed') return [{ type: 'RolledOut', status: 'True', reason, message: 'every stage is passed' }];
  // How long it has soaked is in status.rollout, and no reason to write this again.
  const message = reason === 'Soaking' ? summary : cut(`${summary}: waiting for ${waitingFor}`, 1024);
  return [{ type: 'RolledOut', status: 'False', reason, message }];
}

function readyConditions(facts: ProfileFacts): StatedCondition[] {
  const ready = readyCondition(facts);
  if (isHeld(facts)) return [ready, { ...ready, type: 'InUse', status: 'True' }];
  if (ready.status === 'True' || facts.phase.is === 'disabled') return [ready];
  if (facts.phase.is === 'stalled') return [ready, { ...ready, type: 'Stalled', status: 'True' }];
  if (ready.reason === 'NoNodes') return [ready];
  if (ready.reason === 'RollingOut' && facts.rollout && isLatched(facts.rollout))
    return [ready, { ...ready, type: 'Stalled', status: 'True' }];
  return [ready, { ...ready, type: 'Reconciling', status: 'True' }];
}

/** It is to go, and cannot yet: no file is taken from under a Pod, whose containers could not start again. */
function isHeld({ phase, users, digests }: ProfileFacts): boolean {
  return (phase.is === 'deleting' || phase.is === 'disabled') && users.count > 0 && digests.size > 0;
}

function readyCondition(facts: ProfileFacts): StatedCondition {
  const { phase, installation, digests, localhostProfile, users, rollout, older, leaving } = facts;
  const { desired, installed, failed, behind, unreachable } = installation;
  const not = (reason: string, message: string, status: 'False' | 'Unknown' = 'False'): StatedCondition => ({
    type: 'Ready',
    status,
    reason,
    message: cut(message, 1024),
  });
  if (isHeld(facts)) {
    const pods = `${users.count} ${users.count === 1 ? 'Pod uses' : 'Pods use'} it: ${firstOf(users)}`;
    return not(
      'InUse',
      `${phase.is === 'deleting' ? 'deleted' : 'disabled'}, but its file stays on nodes while ${pods}. It goes by itself after the last one.`,
    );
  }
  const removing = leaving.length ? `being removed from ${nameList(leaving)}` : 'being removed from nodes';
  if (phase.is === 'deleting') return not('Deleting', removing);
  if (phase.is === 'disabled' && leaving.length) return not('Disabled', `spec.state is Disabled: ${removing}`);
  if (phase.is === 'disabled')
    return not('Disabled', 'spec.state is Disabled: no node holds this profile. Set it to Enabled to install it.');
  if (phase.is === 'stalled') {
    const last = digests.size ? ' Nodes keep the last good version.' : ' No node holds it yet.';
    return not(phase.reason, phase.message + last);
  }
  if (phase.is === 'retrying') return not(phase.reason, `${phase.message}; trying again`);
  if (phase.is === 'rendering') return not('Rendering', 'the newest generation is being rendered');
  if (desired === 0)
    return not('NoNodes', 'no node runs the agent: see the DaemonSet seccomp-agent and its node selector', 'Unknown');
  if (failed.length) {
    const [first] = failed as [Installation['failed'][number]];
    const others = failed.length > 1 ? ` (and ${nameList(failed.slice(1).map(each => each.node))})` : '';
    return not(
      'InstallFailed',
      `${failed.length} of ${desired} nodes could not install it: ${first.node}: ${first.reason}: ${first.message}${others}`,
    );
  }
  if (behind.length)
    return not('WaitingForNodes', `waiting for ${behind.length} of ${desired} nodes: ${nameList(behind)}`);
  if (installed === 0)
    return not('NoReachableNodes', `no node that should hold it can be reached: ${nameList(unreachable)}`, 'Unknown');
  if (rollout && older.length)
    return not(
      'RollingOut',
      `${older.length} of ${desired} nodes keep what they held before the rollout, at stage ${rollout.stage} of ${rollout.stages}: ${nameList(older)}`,
    );
  const away = unreachable.length ? `; unreachable: ${nameList(unreachable)}` : '';
  return {
    type: 'Ready',
    status: 'True',
    reason: 'Installed',
    message: cut(`on ${installed} of ${desired} nodes as ${localhostProfile}${away}`, 1024),
  };
}
