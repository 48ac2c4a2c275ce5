import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { SeccompNode } from '../core/api/seccomp-node.ts';
import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import type { SeccompRecording } from '../core/api/seccomp-recording.ts';
import type { DaemonSet } from '../core/daemonset/template.ts';
import type { NodeInfo } from '../core/fleet/eligible.ts';
import { NO_REPORT } from '../core/fleet/node-report.ts';
import { holdsEverything, isTainted } from '../core/fleet/startup-taint.ts';
import type { Log } from '../core/log.ts';
import {
  GROUP,
  NODE_PLURAL,
  PROFILE_FINALIZER,
  PROFILE_PLURAL,
  RECORDING_PLURAL,
  RENDERED_LABEL,
  VERSION,
} from '../core/names.ts';
import { type ResolvedSpec, resolveBase } from '../core/profile/base.ts';
import { isDisabled } from '../core/profile/disabled.ts';
import { localhostProfile, profileNames } from '../core/profile/file-name.ts';
import { renderedName } from '../core/profile/rendered-name.ts';
import { recordedAt, recordingOf } from '../core/recording/ownership.ts';
import { targetsOf } from '../core/recording/targets.ts';
import { selectedKeys } from '../core/rollout/plan.ts';
import { holdsOtherBundle, isOnItsWay } from '../core/status/installation.ts';
import { isRecent, RECENT_MS, type ViolationFacts } from '../core/violations/conditions.ts';
import { hasConditions, unrecordedActions } from '../core/violations/visible.ts';
import { ReliableOperator, ResourceEventType, resourceEvent } from '../kube/client-node/reliable-operator.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import { type KubeObject, resourcePath } from '../kube/objects.ts';
import type { Change, Reflector } from '../kube/reflector.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import { AgentReconciler, type Templates } from './agent-reconciler.ts';
import { Announcer } from './announcer.ts';
import { Bundle } from './bundle.ts';
import { Figures } from './figures.ts';
import { Fleet, type Node, nodeInfo, type ReportRef, reportRef } from './fleet.ts';
import { NewestProfiles } from './newest-profiles.ts';
import { NodeReconciler } from './node-reconciler.ts';
import { isOurs, isPlace, type PlaceRef, placeRef } from './place-configmap.ts';
import { PlaceReconciler } from './place-reconciler.ts';
import { PodIndex } from './pod-index.ts';
import { type Pod, type PodUse, PodUses, podUse, UNFINISHED_PODS, usesProfiles } from './pod-uses.ts';
import { ProfileLinter } from './profile-linter.ts';
import { ProfileReconciler } from './profile-reconciler.ts';
import { RecordedPods } from './recorded-pods.ts';
import { RecordedProfiles } from './recorded-profiles.ts';
import { RecordingReconciler } from './recording-reconciler.ts';
import { Removals } from './removals.ts';
import { type ConfigMap, type RenderedRef, renderedRef } from './rendered-configmap.ts';
import { RolloutReconciler } from './rollout-reconciler.ts';
import { removeStartupTaint } from './startup-taint.ts';
import { StatusPace } from './status-pace.ts';
import { StatusWriter } from './status-writer.ts';
import { ViolationBoard } from './violation-board.ts';
import { isDeleted, isSameSpec, withoutBallast } from './watched-profile.ts';
import {
  AGENT_KEY,
  ALL_KEY,
  addAs,
  addIn,
  BUNDLES_KEY,
  NODE_KEY,
  nodeKey,
  PROFILE_KEY,
  profileKey,
  RECORDING_KEY,
  ROLLOUT_KEY,
  recordingKey,
  rolloutKey,
} from './work-keys.ts';

export interface SeccompOperatorOptions {
  readonly namespace: string;
  readonly agentNamespace: string;
  readonly templates: Templates;
  readonly agentImage: string;
  readonly parseYaml: (text: string) => unknown;
  readonly identity: string;
  readonly userAgent: string;
  /** False once the term is over: nothing is written any more, also by work under way. */
  readonly mayWrite: () => boolean;
  readonly log: Log;
}

/** Name of the operator's ConfigMap, and of its Lease. */
export const CONFIG_NAME = 'seccomp-operator';
/** Of nodes that arrive, 20 statuses a second are written, and each after five seconds. */
const STATUS_PACE = { intervalMs: 1_000, shareMs: 50, longestMs: 5_000, now: () => performance.now() };
/** What concerns every profile, or every node, is looked at once for all that changed meanwhile. */
const GATHER_MS = 100;
const BACKOFF = { initialMs: 50, maxMs: 60_000 };
/** A node that carries the startup taint is looked at that often, without asking the API server. */
const LOOK_AGAIN_MS = 1_000;
/** The server is heard at least once a minute (bookmarks). */
const SILENT_MS = 180_000;

/** One term of leadership: follows the cluster, and brings each profile, node and the agents to what they should be. */
export class SeccompOperator extends ReliableOperator {
  readonly #options: SeccompOperatorOptions;
  readonly #bundle = new Bundle();
  readonly #uses = new PodUses();
  readonly #pods = new PodIndex();
  readonly #announcer: Announcer;
  readonly #work: WorkQueue;
  readonly #statuses: WorkQueue;
  readonly #lints: WorkQueue;
  readonly #pace = new StatusPace(STATUS_PACE);
  #profiles!: Reflector<SeccompProfile, SeccompProfile>;
  #newest!: NewestProfiles;
  #reports!: Reflector<SeccompNode, ReportRef>;
  #nodes!: Reflector<Node, NodeInfo>;
  #daemonSets!: Reflector<DaemonSet & KubeObject, DaemonSet & KubeObject>;
  #fleet!: Fleet;
  #reconciler!: ProfileReconciler;
  #nodeReconciler!: NodeReconciler;
  #places!: PlaceReconciler;
  #rollouts!: RolloutReconciler;
  #removals!: Removals;
  #recordings!: Reflector<SeccompRecording, SeccompRecording>;
  #recorder!: RecordingReconciler;
  #agents!: AgentReconciler;
  #statusWriter!: StatusWriter;
  #linter!: ProfileLinter;
  #figures!: Figures;
  #board!: ViolationBoard;
  #mismatched = new Set<string>();
  /** Labels that rollouts select nodes by. */
  #selectedKeys: ReadonlySet<string> = new Set();
  #isReady = false;

  constructor(options: SeccompOperatorOptions) {
    super(options.log, options.userAgent, options.mayWrite);
    this.#options = options;
    const { identity, log } = options;
    this.#announcer = new Announcer({ transport: this.transport, identity, log });
    this.#work = this.#queue(8, key => this.#reconcile(key));
    this.#statuses = this.#queue(4, name => this.#updateStatus(name));
    this.#lints = this.#queue(1, name => this.#lint(name));
  }

  /** Why this does not do its work; nothing when it does. */
  problem(): string | undefined {
    if (!this.#isReady) return 'the first lists are not complete';
    const silent = this.reflectors.find(each => performance.now() - each.lastContact > SILENT_MS);
    return silent ? 'the API server has not been heard for three minutes' : undefined;
  }

  /** For metrics; none before the first lists. */
  get figures(): Figures | undefined {
    return this.#isReady ? this.#figures : undefined;
  }

  override async stop(): Promise<void> {
    await Promise.all([this.#work.stop(), this.#statuses.stop(), this.#lints.stop()]);
    this.#announcer.stop();
    await super.stop();
  }

  protected override async init(): Promise<void> {
    const { agentNamespace, templates, agentImage, parseYaml, log } = this.#options;
    const transport = this.transport;
    this.#profiles = this.watch<SeccompProfile, SeccompProfile>(
      { group: GROUP, version: VERSION, plural: PROFILE_PLURAL },
      { project: withoutBallast, handler: { changed: change => this.#profileChanged(change) } },
    );
    this.#newest = new NewestProfiles(this.#profiles.items);
    const rendered = this.watch<ConfigMap, RenderedRef | PlaceRef>(
      { group: '', version: 'v1', plural: 'configmaps', namespace: agentNamespace },
      {
        labelSelector: RENDERED_LABEL,
        keep: isOurs,
        project: object => (isPlace(object) ? placeRef(object) : renderedRef(object)),
        handler: {
          changed: change => this.#renderedChanged(change),
          synced: resourceVersion => this.#bundle.listed(resourceVersion),
          progress: resourceVersion => {
            const shown = (name: string) =>
              rendered.items.get(`${agentNamespace}/${renderedName(name)}`) as RenderedRef | undefined;
            for (const name of this.#bundle.progress(resourceVersion, shown)) {
              this.#work.add(profileKey(name));
              this.#seen(name);
            }
            this.#work.addAfter(BUNDLES_KEY, GATHER_MS);
          },
        },
      },
    );
    this.#reports = this.watch<SeccompNode, ReportRef>(
      { group: GROUP, version: VERSION, plural: NODE_PLURAL },
      { project: reportRef, handler: { changed: change => this.#reportChanged(change) } },
    );
    this.#nodes = this.watch<Node, NodeInfo>(
      { group: '', version: 'v1', plural: 'nodes' },
      { project: nodeInfo, handler: { changed: change => this.#nodeChanged(change) } },
    );
    this.watch<Pod, PodUse>(
      { group: '', version: 'v1', plural: 'pods' },
      {
        fieldSelector: UNFINISHED_PODS,
        keep: usesProfiles,
        project: podUse,
        handler: { changed: change => this.#podChanged(change) },
      },
    );
    this.#daemonSets = this.watch<DaemonSet & KubeObject, DaemonSet & KubeObject>(
      { group: 'apps', version: 'v1', plural: 'daemonsets', namespace: agentNamespace },
      {
        project: set => set,
        handler: { changed: () => this.#work.add(AGENT_KEY) },
      },
    );
    this.watch<ConfigMap, undefined>(
      { group: '', version: 'v1', plural: 'configmaps', namespace: this.#options.namespace },
      {
        fieldSelector: `metadata.name=${CONFIG_NAME}`,
        project: () => undefined,
        handler: { changed: ({ object }) => this.#configChanged(object) },
      },
    );
    this.#recordings = this.watch<SeccompRecording, SeccompRecording>(
      { group: GROUP, version: VERSION, plural: RECORDING_PLURAL },
      { project: recording => recording, handler: { changed: change => this.#recordingChanged(change) } },
    );
    this.#agents = new AgentReconciler({
      transport,
      templates,
      namespace: agentNamespace,
      image: agentImage,
      parse: parseYaml,
      live: name => this.#daemonSets.items.get(`${agentNamespace}/${name}`),
      log,
    });
    this.#fleet = new Fleet(this.#nodes.items, this.#reports.items, this.#agents.config);
    const shared = { transport, fleet: this.#fleet, log };
    const nodes = this.#nodes.items;
    const state = { bundle: this.#bundle, fleet: this.#fleet, uses: this.#uses };
    this.#nodeReconciler = new NodeReconciler({ ...shared, nodes, reports: this.#reports.items });
    this.#places = new PlaceReconciler({
      ...shared,
      ...state,
      agentNamespace,
      nodes,
      selectedKeys: () => this.#selectedKeys,
    });
    this.#rollouts = new RolloutReconciler({
      ...state,
      pods: this.#pods,
      publication: profile => this.#reconciler.publication(profile),
      write: (profile, change) => this.#writeStatus(profile, change),
      tell: (profile, text) => {
        this.#announcer.rolloutStep(profile, text);
        this.#seen(profile.metadata.name);
      },
      isHeard: () => this.problem() === undefined,
      now: () => performance.now(),
    });
    this.#reconciler = new ProfileReconciler({
      ...shared,
      ...state,
      agentNamespace,
      profiles: this.#profiles.items,
      rollouts: this.#rollouts,
    });
    this.#removals = new Removals({ bundle: this.#bundle, fleet: this.#fleet, now: () => performance.now(), log });
    const violationsOn = (node: string) => this.#reports.items.get(node)?.violations;
    this.#recorder = new RecordingReconciler({
      transport,
      made: new RecordedProfiles({ transport, profiles: this.#profiles.items, log }),
      pods: new RecordedPods({ transport, pods: this.#pods, violationsOn }),
      uses: this.#uses,
      violationsOn,
      countsViolations: () => this.#agents.config.violations.enabled,
      tell: (...seen) => this.#announcer.recording(...seen),
      now: () => performance.now(),
    });
    this.#board = new ViolationBoard({
      pods: this.#pods,
      isForRecording: (profile, startedAt) => this.#isForRecording(profile, startedAt),
      profiles: this.#profiles.items,
      looksAtArguments: (profile, syscall) => hasConditions(this.#resolved(profile), syscall),
      changed: (profile, inMs) => this.#statuses.addAfter(profile, inMs),
      tell: sighting => this.#announcer.violation(sighting, this.#profiles.items.get(sighting.usage.profile)),
      now: () => performance.now(),
    });
    this.#linter = new ProfileLinter({ profiles: this.#profiles.items, fleet: this.#fleet });
    this.#statusWriter = new StatusWriter({
      linted: (profile, generation) => this.#linter.report(profile, generation),
      violations: profile => this.#violationFacts(profile),
      ...state,
      publication: profile => this.#reconciler.publication(profile),
      write: (profile, change) => this.#writeStatus(profile, change),
      transition: (...seen) => this.#announcer.transition(...seen),
      pace: this.#pace,
    });
    this.#figures = new Figures({
      profiles: this.#profiles.items,
      reports: this.#reports.items,
      fleet: this.#fleet,
      board: this.#board,
      countsViolations: () => this.#agents.config.violations.enabled,
      queued: () => this.#work.size + this.#statuses.size,
    });
    // Refused only when it is stopped before that.
    this.#begin().catch(error => this.log.debug('stopped before the first lists', { error: (error as Error).message }));
  }

  /** Nothing is written before everything was listed: what is not there yet would look as if it were gone. */
  async #begin(): Promise<void> {
    await Promise.all(this.reflectors.map(reflector => reflector.whenSynced()));
    this.#fleet.place(this.#agents.config);
    this.#isReady = true;
    for (const profile of this.#profiles.items.values()) this.#board.opened(profile);
    for (const [node, { violations }] of this.#reports.items) this.#board.reported(node, violations);
    this.#work.add(AGENT_KEY);
    for (const name of this.#bundle.profiles()) this.#work.addResync(profileKey(name));
    for (const name of this.#bundle.places()) this.#work.add(nodeKey(name));
    this.#followSelectors();
    this.#recordAll();
    this.#work.start();
    this.#statuses.start();
    this.#lints.start();
    this.log.info('following the cluster', { profiles: this.#profiles.items.size, nodes: this.#figures.nodes });
  }

  #queue(concurrency: number, work: (key: string) => Promise<void>): WorkQueue {
    const onError = (key: string, error: unknown, attempt: number) => {
      // A conflict says only that there is newer news, which the watch brings.
      const log = isConflict(error) || attempt === 1 ? this.log.debug : this.log.warn;
      log('not done yet; trying again', { key, attempt, error: (error as Error).message });
      if (key.startsWith(PROFILE_KEY)) this.#statuses.add(key.slice(PROFILE_KEY.length));
    };
    return new WorkQueue({ concurrency, work, backoff: BACKOFF, onError });
  }

  #profileChanged({ key, item, previous, initial }: Change<SeccompProfile, SeccompProfile>): void {
    this.#newest.watchTold(key);
    const sameSpec = item && previous && isSameSpec(item, previous);
    if (!sameSpec) {
      this.#linter?.forget(key);
      addAs(initial, this.#work, profileKey(key));
      for (const name of this.#reconciler.dependentsOf(key)) this.#work.add(profileKey(name));
      if (item?.spec.rollout || previous?.spec.rollout) this.#followSelectors();
    }
    if (item) addAs(initial, this.#statuses, key);
    this.#recordFile(localhostProfile(key));
    if (!this.#isReady) return;
    if (previous && previous.metadata.uid !== item?.metadata.uid) this.#board.closed(key);
    if (item) this.#board.opened(item);
  }

  /** Nodes are told of labels that somebody selects by; once there are others, of those. */
  #followSelectors(): void {
    const keys = selectedKeys([...this.#profiles.items.values()].map(({ spec }) => spec.rollout));
    if (!this.#isReady || keys.symmetricDifference(this.#selectedKeys).size === 0) return;
    this.#selectedKeys = keys;
    for (const node of this.#nodes.items.keys()) this.#work.add(nodeKey(node));
  }

  /** What is seen of a profile has changed: its status may, and its rollout may go on. */
  #seen(profile: string, inMs = 0): void {
    addIn(this.#statuses, profile, inMs);
    if (this.#profiles.items.get(profile)?.spec.rollout) addIn(this.#work, rolloutKey(profile), inMs);
  }

  /** It was nodes that changed, for which a deleted profile waits. */
  #seenOnNodes(profile: string, inMs: number): void {
    this.#seen(profile, inMs);
    const known = this.#profiles.items.get(profile);
    if (known && isDeleted(known)) addIn(this.#work, profileKey(profile), inMs);
  }

  #seenOfAll(): void {
    this.#work.addAfter(ALL_KEY, GATHER_MS);
  }

  #renderedChanged(change: Change<ConfigMap, RenderedRef | PlaceRef>): void {
    const { item, previous, resourceVersion, initial } = change;
    const ref = (item ?? previous) as RenderedRef | PlaceRef;
    if ('node' in ref) {
      if (item) this.#bundle.placeObserved(ref, initial);
      else this.#bundle.placeGone(ref, resourceVersion);
      this.#work.add(nodeKey(ref.node));
      for (const [name, { spec }] of this.#profiles.items) if (spec.rollout) this.#seen(name);
    } else {
      const isNews = item ? this.#bundle.observed(ref, initial) : true;
      if (!item) this.#bundle.gone(ref, resourceVersion);
      // Our own write was looked at when it was answered.
      if (!isNews) return;
      addAs(initial, this.#work, profileKey(ref.profile));
      addAs(initial, this.#statuses, ref.profile);
    }
  }

  /** A profile that waits for its last Pod goes when that one is gone. */
  #podChanged(change: Change<Pod, PodUse>): void {
    this.#pods.changed(change);
    if (this.#isReady && change.item) this.#board.podSeen(change.item.nodeUid);
    for (const file of this.#uses.changed(change)) {
      this.#recordFile(file);
      for (const name of profileNames(file).filter(each => this.#profiles.items.has(each))) {
        this.#seen(name);
        if (this.#uses.count(name) === 0) this.#work.add(profileKey(name));
      }
    }
  }

  #nodeChanged({ key, item, previous }: Change<Node, NodeInfo>): void {
    if (item && previous && JSON.stringify(item) === JSON.stringify(previous)) return;
    const before = this.#fleet.architectures();
    this.#fleet.nodeChanged(key);
    this.#work.add(nodeKey(key));
    if (this.#fleet.architectures().symmetricDifference(before).size)
      for (const name of this.#profiles.items.keys()) this.#work.addResync(profileKey(name));
    this.#seenOfAll();
  }

  /** A report that moved on concerns the profiles it moved past, those it fails on, and all when it fits or fits no more. */
  #reportChanged({ key, item, previous }: Change<SeccompNode, ReportRef>): void {
    if (this.#isReady) this.#board.reported(key, item?.violations);
    if (!isDeepStrictEqual(item?.violations, previous?.violations)) {
      this.#violationsChanged(key);
      this.#recordAll();
    }
    if (item?.violations?.state !== previous?.violations?.state) this.#seenOfAll();
    const before = this.#fleet.member(key)?.report ?? NO_REPORT;
    this.#fleet.reported(key);
    const after = this.#fleet.member(key)?.report ?? NO_REPORT;
    if (item?.uid !== previous?.uid) this.#work.add(nodeKey(key));
    if (isDeepStrictEqual(after, before)) return;
    this.#work.add(nodeKey(key));
    for (const name of [...before.failures.keys(), ...after.failures.keys()]) this.#seenOnNodes(name, 0);
    const concernsAll = before.trouble || after.trouble || !before.resourceVersion || !after.resourceVersion;
    if (concernsAll) this.#seenOfAll();
    else
      for (const name of this.#bundle.between(before.resourceVersion, after.resourceVersion, key))
        this.#seenOnNodes(name, this.#pace.arrived(name));
    this.#work.addAfter(BUNDLES_KEY, GATHER_MS);
  }

  /** Those of Pods on the node. */
  #violationsChanged(node: string): void {
    for (const [name, { spec }] of this.#profiles.items) {
      const isConcerned = spec.rollout && [...this.#uses.of(name)].some(use => use.node === node);
      if (isConcerned) this.#work.add(rolloutKey(name));
    }
  }

  /** A node whose bundle begins or ceases to differ from what is expected of it concerns every profile. */
  #compareBundles(): void {
    const mismatched = new Set(
      [...this.#fleet.members()]
        .filter(node => holdsOtherBundle(node.report, this.#bundle.expected(node)))
        .map(node => node.name),
    );
    if (mismatched.symmetricDifference(this.#mismatched).size === 0) return;
    for (const node of mismatched.difference(this.#mismatched))
      this.log.warn('a node reports another set of files than it should hold', { node });
    this.#mismatched = mismatched;
    this.#seenOfAll();
  }

  #configChanged(config: ConfigMap | undefined): void {
    const problem = this.#agents.configure(config?.data?.['agent.yaml']);
    if (problem && config) this.#announcer.invalidConfiguration(config, problem);
    this.#fleet.place(this.#agents.config);
    this.#work.add(AGENT_KEY);
    for (const node of this.#nodes.items.keys()) this.#work.add(nodeKey(node));
    this.#seenOfAll();
    this.#recordAll();
  }

  /** That its own status was written is no news. */
  #recordingChanged({ key, item, previous, initial }: Change<SeccompRecording, SeccompRecording>): void {
    if (!item) this.#recorder.forget(key);
    const [before, after] = [previous?.metadata, item?.metadata];
    const isSame = before?.uid === after?.uid && before?.generation === after?.generation;
    if (initial || !isSame) this.#work.add(recordingKey(key));
  }

  /** All that are not complete: what nodes report concerns any of them. */
  #recordAll(): void {
    for (const [name, { status }] of this.#recordings?.items ?? [])
      if (status?.state !== 'Complete') this.#work.add(recordingKey(name));
  }

  /** Those that make the profile with this file, also when they are complete: Pods that still log are told. */
  #recordFile(file: string): void {
    for (const [name, recording] of this.#recordings?.items ?? [])
      if (targetsOf(recording).some(target => target.file === file)) this.#work.add(recordingKey(name));
  }

  /** A container under a filter that logs every call for a recording violates nothing. */
  #isForRecording(profile: SeccompProfile, startedAt: number): boolean {
    const recording = this.#recordings.items.get(recordingOf(profile) ?? '');
    const until = recordedAt(profile);
    return until === undefined ? recording !== undefined && recording.status?.state !== 'Complete' : startedAt < until;
  }

  async #reconcile(key: string): Promise<void> {
    if (key === AGENT_KEY) return this.#agents.reconcile();
    if (key === BUNDLES_KEY) return this.#compareBundles();
    if (key === ALL_KEY) return this.#lookAtAll();
    if (key.startsWith(NODE_KEY)) return this.#reconcileNode(key.slice(NODE_KEY.length));
    if (key.startsWith(ROLLOUT_KEY)) return this.#stepRollout(key.slice(ROLLOUT_KEY.length));
    if (key.startsWith(RECORDING_KEY)) return this.#record(key.slice(RECORDING_KEY.length));
    return this.#reconcileProfile(key.slice(PROFILE_KEY.length));
  }

  /** While nodes are on their way each profile is looked at in its turn: more will have changed by then. */
  #lookAtAll(): void {
    const isMoving = [...this.#fleet.members()].some(node => isOnItsWay(node, this.#bundle.expected(node)));
    for (const name of this.#profiles.items.keys()) this.#seenOnNodes(name, isMoving ? this.#pace.wait(name) : 0);
  }

  async #reconcileNode(name: string): Promise<void> {
    await this.#nodeReconciler.reconcile(name);
    await this.#places.reconcile(name);
    const { startupTaint } = this.#agents.config;
    const node = this.#nodes.items.get(name);
    if (!node || !isTainted(node.taints, startupTaint)) return;
    if (!this.#isComplete(name)) return this.#work.addAfter(nodeKey(name), LOOK_AGAIN_MS);
    if (!(await removeStartupTaint(this.transport, name, startupTaint, this.log))) return;
    this.#announcer.untainted(node, startupTaint);
  }

  /** Every profile has been looked at, and the node has reported all that came of it. */
  #isComplete(node: string): boolean {
    const isSettled = [...this.#profiles.items.values()].every(
      ({ metadata: { name, generation } }) => this.#reconciler.publication(name)?.generation === generation,
    );
    const member = this.#fleet.member(node);
    return isSettled && member !== undefined && holdsEverything(member.report, this.#bundle.expected(member));
  }

  async #reconcileProfile(name: string): Promise<void> {
    const profile = this.#newest.get(name);
    if (!profile) {
      await this.#reconciler.withdraw(name);
      this.#reconciler.forget(name);
      this.#bundle.forget(name);
      this.#removals.forget(name);
      this.#pace.forget(name);
      this.#linter.forget(name);
      this.#rollouts.forget(name);
      return;
    }
    const goes = isDeleted(profile);
    const waits = goes && this.#uses.count(name) > 0;
    if (!goes || waits) {
      await this.#reconciler.publish(profile);
      this.#seen(name);
      this.#lints.add(name);
    }
    if (waits) this.#removals.forget(name);
    else if (!goes || (await this.#isRemoved(name))) await this.#keepFinalizer(this.#newest.get(name));
  }

  /** From every node that can be waited for. Each report has this looked at again. */
  async #isRemoved(name: string): Promise<boolean> {
    await this.#reconciler.withdraw(name);
    // The watch tells at which resourceVersion it went, and that nodes have to have come so far.
    if (this.#bundle.get(name)) return false;
    const wait = this.#removals.waitMs(name);
    if (wait === 0) return true;
    this.#work.addAfter(profileKey(name), wait);
    this.#statuses.add(name);
    return false;
  }

  async #stepRollout(name: string): Promise<void> {
    const profile = this.#newest.get(name);
    if (!profile || isDeleted(profile)) return;
    const { moved, againMs } = await this.#rollouts.step(profile);
    if (moved) this.#work.add(profileKey(name));
    if (againMs !== undefined) this.#work.addAfter(rolloutKey(name), againMs);
  }

  async #record(name: string): Promise<void> {
    const recording = this.#recordings.items.get(name);
    const againMs = recording && (await this.#recorder.reconcile(recording));
    if (againMs !== undefined) this.#work.addAfter(recordingKey(name), againMs);
  }

  /** Set after the profile is on its way, so that it does not wait for that; a profile without rendered form needs none. */
  async #keepFinalizer(profile: SeccompProfile | undefined): Promise<void> {
    if (!profile) return;
    // A copy: dot-i adds to the list of finalizers in place, before the API server has agreed.
    const event = resourceEvent(PROFILE_PLURAL, ResourceEventType.Modified, structuredClone(profile));
    await this.handleResourceFinalizer(event, PROFILE_FINALIZER, async () => {});
  }

  /** One at a time, after what waits already: nodes wait for none of it. */
  async #lint(name: string): Promise<void> {
    await setImmediate();
    const profile = this.#newest.get(name);
    if (profile && !isDisabled(profile.spec) && this.#linter.look(profile)) this.#statuses.add(name);
  }

  async #updateStatus(name: string): Promise<void> {
    const profile = this.#newest.get(name);
    if (!profile) return;
    this.#board.publish(name);
    const wait = await this.#statusWriter.update(profile);
    if (wait > 0) this.#statuses.addAfter(name, wait);
    // The condition that there was one goes by itself.
    const violations = this.#board.published(name);
    if (violations && isRecent(violations, new Date())) this.#statuses.addAfter(name, RECENT_MS);
  }

  #violationFacts({ metadata: { name }, status }: SeccompProfile): ViolationFacts {
    const violations = this.#board.published(name);
    if (!this.#agents.config.violations.enabled) return { violations };
    const nodes = new Set([...this.#uses.of(name)].map(({ node }) => node).filter(Boolean));
    const blind = [...nodes].filter(node => this.#board.stateOf(node) !== 'Watching').sort();
    const resolved = this.#resolved(name);
    // What a rollout has come to, where there is one.
    const { mode = resolved.mode ?? 'Enforce' } = status ?? {};
    return { violations, watch: { unrecorded: unrecordedActions({ ...resolved, mode }), blind } };
  }

  /** With its bases, or without where these cannot be found: then it is not rendered either. */
  #resolved(name: string): ResolvedSpec {
    const spec = this.#profiles.items.get(name)?.spec ?? { defaultAction: 'SCMP_ACT_ALLOW' };
    try {
      return resolveBase(name, spec, base => this.#profiles.items.get(base)?.spec);
    } catch {
      return spec;
    }
  }

  async #writeStatus(profile: SeccompProfile, change: object): Promise<void> {
    const path = resourcePath({ group: GROUP, version: VERSION, plural: PROFILE_PLURAL, name: profile.metadata.name });
    const { resourceVersion } = profile.metadata;
    try {
      const answer = await this.transport.request<SeccompProfile>('PATCH', `${path}/status`, {
        contentType: 'application/merge-patch+json',
        body: { metadata: { resourceVersion }, ...change },
      });
      this.#newest.keep(answer);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  protected override wrote(_meta: unknown, answer: KubeObject): void {
    this.#newest.keep(answer as SeccompProfile);
  }
}
