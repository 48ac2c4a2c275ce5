import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import type { Log } from '../core/log.ts';
import { GROUP, PROFILE_PLURAL, VERSION } from '../core/names.ts';
import { hasConditions } from '../core/violations/visible.ts';
import { isNotFound } from '../kube/errors.ts';
import { resourcePath } from '../kube/objects.ts';
import type { Transport } from '../kube/transport.ts';
import type { Agenda } from './agenda.ts';
import { AgentReconciler, type Templates } from './agent-reconciler.ts';
import { Announcer } from './announcer.ts';
import type { Cluster } from './cluster.ts';
import { Figures } from './figures.ts';
import { Fleet } from './fleet.ts';
import type { NewestProfiles } from './newest-profiles.ts';
import { NodeReconciler } from './node-reconciler.ts';
import { PlaceReconciler } from './place-reconciler.ts';
import { ProfileLinter } from './profile-linter.ts';
import { ProfileReconciler } from './profile-reconciler.ts';
import { RecordedPods } from './recorded-pods.ts';
import { RecordedProfiles } from './recorded-profiles.ts';
import { RecordingReconciler } from './recording-reconciler.ts';
import { Removals } from './removals.ts';
import { RolloutReconciler } from './rollout-reconciler.ts';
import { SelectedLabels } from './selected-labels.ts';
import { StatusPace } from './status-pace.ts';
import { StatusWriter } from './status-writer.ts';
import { ViolationBoard } from './violation-board.ts';
import { isForRecording, resolvedSpec, violationFacts } from './violation-facts.ts';

export interface PartsOptions {
  readonly agentNamespace: string;
  readonly templates: Templates;
  readonly agentImage: string;
  readonly parseYaml: (text: string) => unknown;
  /** Of this replica. */
  readonly identity: string;
  readonly transport: Transport;
  /** The API server is heard. */
  readonly isHeard: () => boolean;
  readonly log: Log;
}

export type Parts = ReturnType<typeof assemble>;

/** Of nodes that arrive, 20 statuses a second are written, and each after five seconds. */
const STATUS_PACE = { intervalMs: 1_000, shareMs: 50, longestMs: 5_000 };

const now = () => performance.now();

/** Those that do the operator's work, each knowing the others that it needs. */
export function assemble(cluster: Cluster, agenda: Agenda, options: PartsOptions) {
  const { agentNamespace, templates, agentImage, parseYaml, identity, transport, isHeard, log } = options;
  const { profiles, newest, bundle, reports, nodes, uses, pods, daemonSets, recordings } = cluster;
  const announcer = new Announcer({ transport, identity, log });
  const agents = new AgentReconciler({
    transport,
    templates,
    namespace: agentNamespace,
    image: agentImage,
    parse: parseYaml,
    live: name => daemonSets.get(`${agentNamespace}/${name}`),
    log,
  });
  const fleet = new Fleet(nodes, reports, agents.config);
  const state = { bundle, fleet, uses };
  const publication = (profile: string) => publisher.publication(profile);
  const countsViolations = () => agents.config.violations.enabled;
  const violationsOn = (node: string) => reports.get(node)?.violations;
  const write = (profile: SeccompProfile, change: object) => writeStatus(transport, newest, profile, change);

  const selectedLabels = new SelectedLabels();
  const places = new PlaceReconciler({
    transport,
    agentNamespace,
    nodes,
    fleet,
    bundle,
    selectedKeys: () => selectedLabels.keys,
  });
  const rollouts = new RolloutReconciler({
    ...state,
    pods,
    publication,
    write,
    tell: (profile, text) => {
      announcer.rolloutStep(profile, text);
      agenda.seen(profile.metadata.name);
    },
    isHeard,
    now,
  });
  const publisher = new ProfileReconciler({ transport, agentNamespace, profiles, ...state, rollouts, log });
  const recorder = new RecordingReconciler({
    transport,
    made: new RecordedProfiles({ transport, profiles, log }),
    pods: new RecordedPods({ transport, pods, violationsOn }),
    uses,
    violationsOn,
    countsViolations,
    tell: (...seen) => announcer.recording(...seen),
    now,
  });
  const board = new ViolationBoard({
    pods,
    profiles,
    isForRecording: (profile, startedAt) => isForRecording(profile, startedAt, recordings),
    looksAtArguments: (profile, syscall) => hasConditions(resolvedSpec(profile, profiles), syscall),
    changed: (profile, inMs) => agenda.status(profile, inMs),
    tell: sighting => announcer.violation(sighting, profiles.get(sighting.usage.profile)),
    now,
  });
  const linter = new ProfileLinter({ profiles, fleet });
  const pace = new StatusPace({ ...STATUS_PACE, now });
  const statuses = new StatusWriter({
    ...state,
    publication,
    linted: (profile, generation) => linter.report(profile, generation),
    violations: profile => violationFacts(profile, { profiles, uses, board, countsViolations }),
    write,
    transition: (...seen) => announcer.transition(...seen),
    pace,
  });
  const nodeReconciler = new NodeReconciler({ transport, nodes, reports, fleet, log });
  const removals = new Removals({ bundle, fleet, now, log });
  const figures = new Figures({ profiles, reports, fleet, board, countsViolations, queued: () => agenda.size });
  return {
    announcer,
    agents,
    fleet,
    nodes: nodeReconciler,
    selectedLabels,
    places,
    publisher,
    rollouts,
    removals,
    recorder,
    board,
    linter,
    pace,
    statuses,
    figures,
  };
}

/** Refused by the API server when the profile is newer than this one; that it is gone is no error. */
async function writeStatus(
  transport: Transport,
  newest: NewestProfiles,
  { metadata: { name, resourceVersion } }: SeccompProfile,
  change: object,
): Promise<void> {
  const path = resourcePath({ group: GROUP, version: VERSION, plural: PROFILE_PLURAL, name });
  try {
    const answer = await transport.request<SeccompProfile>('PATCH', `${path}/status`, {
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion }, ...change },
    });
    newest.keep(answer);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
