import { Metrics } from '../runtime/metrics.ts';
import type { Figures } from './figures.ts';

/** What a replica tells Prometheus; one that does not lead has no figures but that. */
export function operatorMetrics(isLeader: () => boolean, figures: () => Figures | undefined): Metrics {
  const all = new Metrics();
  all.gauge('seccomp_operator_leader', '1 on the replica that works.', () => (isLeader() ? 1 : 0));
  all.gauge(
    'seccomp_operator_profiles',
    'Profiles by the status of their condition Ready.',
    () => figures()?.readiness() ?? [],
  );
  all.gauge(
    'seccomp_operator_profile_not_ready',
    '1 for each profile that is not Ready, by the reason.',
    () => figures()?.notReady() ?? [],
  );
  all.gauge('seccomp_operator_nodes', 'Nodes that should hold the profiles.', () => figures()?.nodes ?? 0);
  all.gauge('seccomp_operator_node_reports', 'Those nodes by what they report.', () => figures()?.nodeStates() ?? []);
  all.gauge(
    'seccomp_operator_nodes_drifted',
    'Nodes whose files were altered by somebody else, and repaired, in the last hour.',
    () => figures()?.drifted ?? 0,
  );
  all.gauge(
    'seccomp_operator_rollout_phase',
    '1 for each rollout, by its phase and the stage it is at.',
    () => figures()?.rolloutPhases() ?? [],
  );
  all.total(
    'seccomp_operator_violations_total',
    'Calls that filters logged or refused, by profile and call: thirty of a profile, and others.',
    () => figures()?.violationCounts() ?? [],
  );
  all.total(
    'seccomp_operator_violation_records_total',
    'Records of containers that nodes read (recorded), lost, could not attribute, or could not list.',
    () => figures()?.recordCounts() ?? [],
  );
  all.gauge(
    'seccomp_operator_violation_watchers',
    'Nodes by whether violations are counted there, where that is enabled.',
    () => figures()?.watchStates() ?? [],
  );
  all.gauge('seccomp_operator_queue', 'Profiles, nodes and statuses that wait for work.', () => figures()?.queued ?? 0);
  return all;
}
