import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import type { SeccompRecording } from '../core/api/seccomp-recording.ts';
import type { DaemonSet } from '../core/daemonset/template.ts';
import type { NodeInfo } from '../core/fleet/eligible.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Bundle } from './bundle.ts';
import type { ReportRef } from './fleet.ts';
import type { NewestProfiles } from './newest-profiles.ts';
import type { PodIndex } from './pod-index.ts';
import type { PodUses } from './pod-uses.ts';

/** The cluster as the watches have shown it: by name, and in the other orders in which it is asked for. */
export interface Cluster {
  readonly profiles: ReadonlyMap<string, SeccompProfile>;
  readonly newest: NewestProfiles;
  readonly bundle: Bundle;
  readonly reports: ReadonlyMap<string, ReportRef>;
  readonly nodes: ReadonlyMap<string, NodeInfo>;
  readonly uses: PodUses;
  readonly pods: PodIndex;
  readonly daemonSets: ReadonlyMap<string, DaemonSet & KubeObject>;
  readonly recordings: ReadonlyMap<string, SeccompRecording>;
}
