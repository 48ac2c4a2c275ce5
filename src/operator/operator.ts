import type { SeccompNode } from '../core/api/seccomp-node.ts';
import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import type { SeccompRecording } from '../core/api/seccomp-recording.ts';
import type { DaemonSet } from '../core/daemonset/template.ts';
import type { NodeInfo } from '../core/fleet/eligible.ts';
import { placeName } from '../core/fleet/place.ts';
import {
  GROUP,
  NODE_PLURAL,
  PROFILE_FINALIZER,
  PROFILE_PLURAL,
  RECORDING_PLURAL,
  RENDERED_LABEL,
  VERSION,
} from '../core/names.ts';
import { renderedName } from '../core/profile/rendered-name.ts';
import { ReliableOperator, ResourceEventType, resourceEvent } from '../kube/client-node/reliable-operator.ts';
import type { KubeObject } from '../kube/objects.ts';
import { Agenda } from './agenda.ts';
import { Bundle } from './bundle.ts';
import { Changes } from './changes.ts';
import type { Cluster } from './cluster.ts';
import type { Figures } from './figures.ts';
import { type Node, nodeInfo, type ReportRef, reportRef } from './fleet.ts';
import { NewestProfiles } from './newest-profiles.ts';
import { assemble, type Parts, type PartsOptions } from './parts.ts';
import { isOurs, isPlace, type PlaceRef, placeRef } from './place-configmap.ts';
import { PodIndex } from './pod-index.ts';
import { type Pod, type PodUse, PodUses, podUse, UNFINISHED_PODS, usesProfiles } from './pod-uses.ts';
import { type ConfigMap, type RenderedRef, renderedRef } from './rendered-configmap.ts';
import { Steps } from './steps.ts';
import { withoutBallast } from './watched-profile.ts';

export interface SeccompOperatorOptions extends Omit<PartsOptions, 'transport' | 'isHeard'> {
  readonly namespace: string;
  readonly userAgent: string;
  /** False once the term is over: nothing is written any more, also by work under way. */
  readonly mayWrite: () => boolean;
}

/** Name of the operator's ConfigMap, and of its Lease. */
export const CONFIG_NAME = 'seccomp-operator';
/** The server is heard at least once a minute (bookmarks). */
const SILENT_MS = 180_000;

const ours = (plural: string) => ({ group: GROUP, version: VERSION, plural });
const core = (plural: string, namespace?: string) => ({
  group: '',
  version: 'v1',
  plural,
  ...(namespace ? { namespace } : {}),
});

/**
 * One term of leadership. What the watches show ({@link Cluster}) is judged by {@link Changes}, which put on the {@link Agenda}
 * what has to be looked at; {@link Steps} do it, by means of the {@link Parts}.
 */
export class SeccompOperator extends ReliableOperator {
  readonly #options: SeccompOperatorOptions;
  #agenda!: Agenda;
  #parts!: Parts;
  #changes!: Changes;
  #newest!: NewestProfiles;
  #isReady = false;

  constructor(options: SeccompOperatorOptions) {
    super(options.log, options.userAgent, options.mayWrite);
    this.#options = options;
  }

  /** Why this does not do its work; nothing when it does. */
  problem(): string | undefined {
    if (!this.#isReady) return 'the first lists are not complete';
    const silent = this.reflectors.find(each => performance.now() - each.lastContact > SILENT_MS);
    return silent ? 'the API server has not been heard for three minutes' : undefined;
  }

  /** For metrics; none before the first lists. */
  get figures(): Figures | undefined {
    return this.#isReady ? this.#parts.figures : undefined;
  }

  override async stop(): Promise<void> {
    await this.#agenda.stop();
    this.#parts.announcer.stop();
    await super.stop();
  }

  protected override async init(): Promise<void> {
    const { transport, log } = this;
    const cluster = this.#follow();
    this.#newest = cluster.newest;
    this.#agenda = new Agenda(cluster, log);
    const isHeard = () => this.problem() === undefined;
    this.#parts = assemble(cluster, this.#agenda, { ...this.#options, transport, isHeard });
    this.#changes = new Changes(cluster, this.#parts, this.#agenda);
    // Refused only when it is stopped before that.
    this.#begin(cluster).catch(error =>
      log.debug('stopped before the first lists', { error: (error as Error).message }),
    );
  }

  /** Nothing is written before everything was listed: what is not there yet would look as if it were gone. */
  async #begin(cluster: Cluster): Promise<void> {
    const { transport, log } = this;
    await Promise.all(this.reflectors.map(reflector => reflector.whenSynced()));
    this.#isReady = true;
    this.#changes.listed();
    const keepFinalizer = (profile: SeccompProfile) => this.#keepFinalizer(profile);
    const shared = { cluster, parts: this.#parts, agenda: this.#agenda };
    this.#agenda.start(new Steps({ ...shared, transport, keepFinalizer, log }));
    log.info('following the cluster', { profiles: cluster.profiles.size, nodes: this.#parts.figures.nodes });
  }

  #follow(): Cluster {
    const { namespace, agentNamespace } = this.#options;
    const profiles = this.watch<SeccompProfile, SeccompProfile>(ours(PROFILE_PLURAL), {
      project: withoutBallast,
      handler: { changed: change => this.#changes.profile(change) },
    });
    const bundle = new Bundle();
    const rendered = this.watch<ConfigMap, RenderedRef | PlaceRef>(core('configmaps', agentNamespace), {
      labelSelector: RENDERED_LABEL,
      keep: isOurs,
      project: object => (isPlace(object) ? placeRef(object) : renderedRef(object)),
      handler: {
        changed: change => this.#changes.rendered(change),
        synced: resourceVersion => bundle.listed(resourceVersion),
        progress: resourceVersion => this.#changes.renderedUpTo(resourceVersion, shown),
      },
    });
    const shown = {
      profile: (name: string) =>
        rendered.items.get(`${agentNamespace}/${renderedName(name)}`) as RenderedRef | undefined,
      place: (node: string) => rendered.items.get(`${agentNamespace}/${placeName(node)}`) as PlaceRef | undefined,
    };
    const reports = this.watch<SeccompNode, ReportRef>(ours(NODE_PLURAL), {
      project: reportRef,
      handler: { changed: change => this.#changes.report(change) },
    });
    const nodes = this.watch<Node, NodeInfo>(core('nodes'), {
      project: nodeInfo,
      handler: { changed: change => this.#changes.node(change) },
    });
    this.watch<Pod, PodUse>(core('pods'), {
      fieldSelector: UNFINISHED_PODS,
      keep: usesProfiles,
      project: podUse,
      handler: { changed: change => this.#changes.pod(change) },
    });
    const daemonSets = this.watch<DaemonSet & KubeObject, DaemonSet & KubeObject>(
      { group: 'apps', version: 'v1', plural: 'daemonsets', namespace: agentNamespace },
      { project: set => set, handler: { changed: () => this.#changes.daemonSet() } },
    );
    this.watch<ConfigMap, undefined>(core('configmaps', namespace), {
      fieldSelector: `metadata.name=${CONFIG_NAME}`,
      project: () => undefined,
      handler: { changed: ({ object }) => this.#changes.configuration(object) },
    });
    const recordings = this.watch<SeccompRecording, SeccompRecording>(ours(RECORDING_PLURAL), {
      project: recording => recording,
      handler: { changed: change => this.#changes.recording(change) },
    });
    return {
      profiles: profiles.items,
      newest: new NewestProfiles(profiles.items),
      bundle,
      reports: reports.items,
      nodes: nodes.items,
      uses: new PodUses(),
      pods: new PodIndex(),
      daemonSets: daemonSets.items,
      recordings: recordings.items,
    };
  }

  async #keepFinalizer(profile: SeccompProfile): Promise<void> {
    // A copy: dot-i adds to the list of finalizers in place, before the API server has agreed.
    const event = resourceEvent(PROFILE_PLURAL, ResourceEventType.Modified, structuredClone(profile));
    await this.handleResourceFinalizer(event, PROFILE_FINALIZER, async () => {});
  }

  protected override wrote(_meta: unknown, answer: KubeObject): void {
    this.#newest.keep(answer as SeccompProfile);
  }
}
