import { isDeepStrictEqual } from 'node:util';
import type { SeccompNode } from '../core/api/seccomp-node.ts';
import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import type { SeccompRecording } from '../core/api/seccomp-recording.ts';
import type { NodeInfo } from '../core/fleet/eligible.ts';
import { NO_REPORT } from '../core/fleet/node-report.ts';
import { localhostProfile, profileNames } from '../core/profile/file-name.ts';
import type { Change } from '../kube/reflector.ts';
import type { Agenda } from './agenda.ts';
import type { Shown } from './bundle.ts';
import type { Cluster } from './cluster.ts';
import type { Node, ReportRef } from './fleet.ts';
import type { Parts } from './parts.ts';
import type { PlaceRef } from './place-configmap.ts';
import type { Pod, PodUse } from './pod-uses.ts';
import type { ConfigMap, RenderedRef } from './rendered-configmap.ts';
import { isSameSpec } from './watched-profile.ts';

/** What each change in the cluster concerns: it is noted, and what has to be looked at for it is put on the agenda. */
export class Changes {
  readonly #cluster: Cluster;
  readonly #parts: Parts;
  readonly #agenda: Agenda;
  /** Everything was listed once. */
  #isComplete = false;

  constructor(cluster: Cluster, parts: Parts, agenda: Agenda) {
    this.#cluster = cluster;
    this.#parts = parts;
    this.#agenda = agenda;
  }

  /** To be called once everything was listed: what could not be judged before that. */
  listed(): void {
    const { profiles, reports, bundle } = this.#cluster;
    const { fleet, board, agents } = this.#parts;
    this.#isComplete = true;
    fleet.place(agents.config);
    for (const profile of profiles.values()) board.opened(profile);
    for (const [node, { violations }] of reports) board.reported(node, violations);
    this.#agenda.agents();
    // Also those of profiles and nodes that have gone.
    for (const name of bundle.profiles()) this.#agenda.profile(name, 'listed');
    for (const name of bundle.places()) this.#agenda.node(name);
    this.#followSelectors();
    this.#agenda.openRecordings();
  }

  profile({ key, item, previous, initial }: Change<SeccompProfile, SeccompProfile>): void {
    const { publisher, linter, board } = this.#parts;
    const when = initial ? 'listed' : 0;
    this.#cluster.newest.watchTold(key);
    const sameSpec = item && previous && isSameSpec(item, previous);
    if (!sameSpec) {
      linter.forget(key);
      this.#agenda.profile(key, when);
      for (const name of publisher.dependentsOf(key)) this.#agenda.profile(name);
      if (item?.spec.rollout || previous?.spec.rollout) this.#followSelectors();
    }
    if (item) this.#agenda.status(key, when);
    this.#agenda.recordingsOf(localhostProfile(key));
    if (!this.#isComplete) return;
    if (previous && previous.metadata.uid !== item?.metadata.uid) board.closed(key);
    if (item) board.opened(item);
  }

  /** A ConfigMap of ours in the agents' namespace. */
  rendered(change: Change<ConfigMap, RenderedRef | PlaceRef>): void {
    const { item, previous, resourceVersion, initial } = change;
    const { bundle, profiles } = this.#cluster;
    const ref = (item ?? previous) as RenderedRef | PlaceRef;
    if ('node' in ref) {
      if (item) bundle.placeObserved(ref, initial);
      else bundle.placeGone(ref, resourceVersion);
      this.#agenda.node(ref.node);
      for (const [name, { spec }] of profiles) if (spec.rollout) this.#agenda.seen(name);
      return;
    }
    const isNews = item ? bundle.observed(ref, initial) : true;
    if (!item) bundle.gone(ref, resourceVersion);
    // Our own write was looked at when it was answered.
    if (!isNews) return;
    const when = initial ? 'listed' : 0;
    this.#agenda.profile(ref.profile, when);
    this.#agenda.status(ref.profile, when);
  }

  /** All that happened to those up to this resourceVersion was told. */
  renderedUpTo(resourceVersion: string, shown: Shown): void {
    const { profiles, nodes } = this.#cluster.bundle.progress(resourceVersion, shown);
    for (const name of profiles) {
      this.#agenda.profile(name);
      this.#agenda.seen(name);
    }
    for (const node of nodes) this.#agenda.node(node);
    if (nodes.length) this.#agenda.seenOfAll();
    this.#agenda.bundles();
  }

  /** A report that moved on concerns the profiles it moved past, those it fails on, and all when it fits or fits no more. */
  report({ key, item, previous }: Change<SeccompNode, ReportRef>): void {
    const { fleet, board, pace } = this.#parts;
    if (this.#isComplete) board.reported(key, item?.violations);
    if (!isDeepStrictEqual(item?.violations, previous?.violations)) {
      this.#violationsOn(key);
      this.#agenda.openRecordings();
    }
    if (item?.violations?.state !== previous?.violations?.state) this.#agenda.seenOfAll();
    const before = fleet.member(key)?.report ?? NO_REPORT;
    fleet.reported(key);
    const after = fleet.member(key)?.report ?? NO_REPORT;
    if (item?.uid !== previous?.uid) this.#agenda.node(key);
    if (isDeepStrictEqual(after, before)) return;
    this.#agenda.node(key);
    for (const name of [...before.failures.keys(), ...after.failures.keys()]) this.#agenda.seenOnNodes(name, 0);
    const concernsAll = before.trouble || after.trouble || !before.resourceVersion || !after.resourceVersion;
    if (concernsAll) this.#agenda.seenOfAll();
    else
      for (const name of this.#cluster.bundle.between(before.resourceVersion, after.resourceVersion, key))
        this.#agenda.seenOnNodes(name, pace.arrived(name));
    this.#agenda.bundles();
  }

  node({ key, item, previous }: Change<Node, NodeInfo>): void {
    if (item && previous && JSON.stringify(item) === JSON.stringify(previous)) return;
    const { fleet } = this.#parts;
    const before = fleet.architectures();
    fleet.nodeChanged(key);
    this.#agenda.node(key);
    if (fleet.architectures().symmetricDifference(before).size)
      for (const name of this.#cluster.profiles.keys()) this.#agenda.profile(name, 'listed');
    this.#agenda.seenOfAll();
  }

  /** A profile that waits for its last Pod goes when that one is gone. */
  pod(change: Change<Pod, PodUse>): void {
    const { pods, uses, profiles } = this.#cluster;
    pods.changed(change);
    if (this.#isComplete && change.item) this.#parts.board.podSeen(change.item.nodeUid);
    for (const file of uses.changed(change)) {
      this.#agenda.recordingsOf(file);
      for (const name of profileNames(file).filter(each => profiles.has(each))) {
        this.#agenda.seen(name);
        if (uses.count(name) === 0) this.#agenda.profile(name);
      }
    }
  }

  daemonSet(): void {
    this.#agenda.agents();
  }

  /** The operator's own ConfigMap; none once it is gone. */
  configuration(config: ConfigMap | undefined): void {
    const { agents, announcer, fleet } = this.#parts;
    const problem = agents.configure(config?.data?.['agent.yaml']);
    if (problem && config) announcer.invalidConfiguration(config, problem);
    fleet.place(agents.config);
    this.#agenda.agents();
    for (const node of this.#cluster.nodes.keys()) this.#agenda.node(node);
    this.#agenda.seenOfAll();
    this.#agenda.openRecordings();
  }

  /** That its own status was written is no news. */
  recording({ key, item, previous, initial }: Change<SeccompRecording, SeccompRecording>): void {
    if (!item) this.#parts.recorder.forget(key);
    const [before, after] = [previous?.metadata, item?.metadata];
    const isSame = before?.uid === after?.uid && before?.generation === after?.generation;
    if (initial || !isSame) this.#agenda.recording(key);
  }

  /** Nodes are told of labels that somebody selects by; once there are others, of those. */
  #followSelectors(): void {
    const { profiles, nodes } = this.#cluster;
    if (!this.#isComplete || !this.#parts.selectedLabels.update(profiles.values())) return;
    for (const node of nodes.keys()) this.#agenda.node(node);
  }

  /** Rollouts of profiles of the node's Pods go by what was violated there. */
  #violationsOn(node: string): void {
    const { profiles, uses } = this.#cluster;
    for (const [name, { spec }] of profiles) {
      const isConcerned = spec.rollout && [...uses.of(name)].some(use => use.node === node);
      if (isConcerned) this.#agenda.rollout(name);
    }
  }
}
