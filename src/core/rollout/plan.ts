import type { Rollout, SeccompProfileSpec, Stage } from '../api/seccomp-profile.ts';
import type { Labels } from '../fleet/place.ts';
import { isRefusing } from '../profile/actions.ts';
import type { ResolvedSpec } from '../profile/base.ts';
import { digestOf } from '../profile/digest.ts';
import type { Mode } from '../profile/mode.ts';
import { renderProfile } from '../profile/render.ts';

/** A stage with all that its fields say when they are not given. */
export interface PlannedStage {
  readonly mode: Mode;
  /** Absent: all nodes. */
  readonly nodeSelector: Labels | undefined;
  readonly soakSeconds: number;
  /** 0: nothing has to be seen. */
  readonly minPods: number;
  readonly maxViolations: number;
  readonly rollsBack: boolean;
  /** It refuses calls of which the kernel may log nothing, so that no violations says little. */
  readonly isSilent: boolean;
  /** Of mode and nodes: whether a stage that was passed is still the one that it was. */
  readonly signature: string;
}

export function planOf(spec: SeccompProfileSpec): PlannedStage[] {
  return (spec.rollout?.stages ?? []).map(stage => {
    const selects = stage.nodeSelector && Object.keys(stage.nodeSelector).length > 0;
    return {
      mode: stage.mode,
      nodeSelector: selects ? stage.nodeSelector : undefined,
      soakSeconds: parseDuration(stage.soak),
      minPods: stage.minPods ?? 1,
      maxViolations: stage.maxViolations ?? 0,
      rollsBack: stage.onViolations === 'RollBack',
      isSilent: stage.mode === 'Enforce' && refusesSilently(spec),
      signature: signatureOf(stage),
    };
  });
}

/** Only LOG and KILL are logged without the flag (seccomp(2), SECCOMP_FILTER_FLAG_LOG). */
function refusesSilently({ defaultAction, syscalls = [], flags = [] }: SeccompProfileSpec): boolean {
  const actions = [defaultAction, ...syscalls.map(rule => rule.action)];
  const hasSilent = actions.some(action => isRefusing(action) && !action.startsWith('SCMP_ACT_KILL'));
  return hasSilent && !flags.includes('SECCOMP_FILTER_FLAG_LOG');
}

/** The keys of labels by which these select nodes. */
export function selectedKeys(rollouts: Iterable<Rollout | undefined>): Set<string> {
  const stages = [...rollouts].flatMap(rollout => rollout?.stages ?? []);
  return new Set(stages.flatMap(({ nodeSelector = {} }) => Object.keys(nodeSelector)));
}

/** Of the rules as written, whatever the mode and the nodes: what is rolled out. */
export function strictDigestOf(resolved: ResolvedSpec): string {
  const rules = renderProfile({ ...resolved, mode: 'Enforce' }, '');
  return digestOf(`${rules}${[...(resolved.architectures ?? [])].sort().join()}\n`);
}

function signatureOf({ mode, nodeSelector = {} }: Stage): string {
  const labels = Object.entries(nodeSelector).sort(([a], [b]) => (a < b ? -1 : 1));
  return digestOf(JSON.stringify([mode, labels]));
}

const SECONDS: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1 };

/** In seconds; written as Go writes it (`1h30m`), as the CRD's pattern demands. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+)([hms])/g)];
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (SECONDS[unit as string] as number), 0);
}

/** The two largest units: `26h`, `3h20m`, `45s`. */
export function formatDuration(seconds: number): string {
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  if (h) return `${h}h${m ? `${m}m` : ''}`;
  if (m) return `${m}m${s ? `${s}s` : ''}`;
  return `${s}s`;
}

/** `canary=true,zone=a`, as kubectl writes a selector; `all nodes` where there is none. */
export function nodesOf({ nodeSelector }: Pick<PlannedStage, 'nodeSelector'>): string {
  if (!nodeSelector) return 'all nodes';
  return Object.entries(nodeSelector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
