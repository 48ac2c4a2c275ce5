import { setImmediate } from 'node:timers/promises';
import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import { holdsEverything, isTainted } from '../core/fleet/startup-taint.ts';
import type { Log } from '../core/log.ts';
import { isDisabled } from '../core/profile/disabled.ts';
import { holdsOtherBundle, isOnItsWay } from '../core/status/installation.ts';
import { isRecent, RECENT_MS } from '../core/violations/conditions.ts';
import type { Transport } from '../kube/transport.ts';
import type { Agenda, Tasks } from './agenda.ts';
import type { Cluster } from './cluster.ts';
import type { Parts } from './parts.ts';
import { removeStartupTaint } from './startup-taint.ts';
import { isDeleted } from './watched-profile.ts';

export interface StepsOptions {
  readonly cluster: Cluster;
  readonly parts: Parts;
  readonly agenda: Agenda;
  readonly transport: Transport;
  /** Sets our finalizer on a profile; takes it off one that is deleted. */
  readonly keepFinalizer: (profile: SeccompProfile) => Promise<void>;
  readonly log: Log;
}

/** A node that carries the startup taint is looked at that often, without asking the API server. */
const LOOK_AGAIN_MS = 1_000;

/** What is done for each thing on the agenda, and what has to follow. */
export class Steps implements Tasks {
  readonly #options: StepsOptions;
  readonly #cluster: Cluster;
  readonly #parts: Parts;
  readonly #agenda: Agenda;
  /** Nodes that hold other files than they should. */
  #mismatched = new Set<string>();

  constructor(options: StepsOptions) {
    this.#options = options;
    this.#cluster = options.cluster;
    this.#parts = options.parts;
    this.#agenda = options.agenda;
  }

  agents(): Promise<void> {
    return this.#parts.agents.reconcile();
  }

  /** A node whose bundle begins or ceases to differ from what is expected of it concerns every profile. */
  async bundles(): Promise<void> {
    const mismatched = new Set(
      [...this.#parts.fleet.members()]
        .filter(node => holdsOtherBundle(node.report, this.#cluster.bundle.expected(node)))
        .map(node => node.name),
    );
    if (mismatched.symmetricDifference(this.#mismatched).size === 0) return;
    for (const node of mismatched.difference(this.#mismatched))
      this.#options.log.warn('a node reports another set of files than it should hold', { node });
    this.#mismatched = mismatched;
    this.#agenda.seenOfAll();
  }

  /** While nodes are on their way each profile is looked at in its turn: more will have changed by then. */
  async allProfiles(): Promise<void> {
    const { bundle, profiles } = this.#cluster;
    const { fleet, pace } = this.#parts;
    const isMoving = [...fleet.members()].some(node => isOnItsWay(node, bundle.expected(node)));
    for (const name of profiles.keys()) this.#agenda.seenOnNodes(name, isMoving ? pace.wait(name) : 0);
  }

  async node(name: string): Promise<void> {
    const { nodes, places, agents, announcer } = this.#parts;
    const { transport, log } = this.#options;
    await nodes.reconcile(name);
    await places.reconcile(name);
    const { startupTaint } = agents.config;
    const node = this.#cluster.nodes.get(name);
    if (!node || !isTainted(node.taints, startupTaint)) return;
    if (!this.#isComplete(name)) return this.#agenda.node(name, LOOK_AGAIN_MS);
    if (await removeStartupTaint(transport, name, startupTaint, log)) announcer.untainted(node, startupTaint);
  }

  async profile(name: string): Promise<void> {
    const { newest, uses } = this.#cluster;
    const { publisher, removals } = this.#parts;
    const profile = newest.get(name);
    if (!profile) {
      await publisher.withdraw(name);
      return this.#forget(name);
    }
    const goes = isDeleted(profile);
    const waits = goes && uses.count(name) > 0;
    if (!goes || waits) {
      await publisher.publish(profile);
      this.#agenda.seen(name);
      this.#agenda.lint(name);
    }
    if (waits) removals.forget(name);
    // Set after the profile is on its way, so that it does not wait for that.
    else if (!goes || (await this.#isRemoved(name))) await this.#keepFinalizer(name);
  }

  async rollout(name: string): Promise<void> {
    const profile = this.#cluster.newest.get(name);
    if (!profile || isDeleted(profile)) return;
    const { moved, againMs } = await this.#parts.rollouts.step(profile);
    if (moved) this.#agenda.profile(name);
    if (againMs !== undefined) this.#agenda.rollout(name, againMs);
  }

  async recording(name: string): Promise<void> {
    const recording = this.#cluster.recordings.get(name);
    const againMs = recording && (await this.#parts.recorder.reconcile(recording));
    if (againMs !== undefined) this.#agenda.recording(name, againMs);
  }

  async status(name: string): Promise<void> {
    const profile = this.#cluster.newest.get(name);
    if (!profile) return;
    const { board, statuses } = this.#parts;
    board.publish(name);
    const wait = await statuses.update(profile);
    if (wait > 0) this.#agenda.status(name, wait);
    // The condition that there was one goes by itself.
    const violations = board.published(name);
    if (violations && isRecent(violations, new Date())) this.#agenda.status(name, RECENT_MS);
  }

  async lint(name: string): Promise<void> {
    await setImmediate();
    const profile = this.#cluster.newest.get(name);
    if (profile && !isDisabled(profile.spec) && this.#parts.linter.look(profile)) this.#agenda.status(name);
  }

  /** Every profile has been looked at, and the node has reported all that came of it. */
  #isComplete(node: string): boolean {
    const { profiles, bundle } = this.#cluster;
    const { publisher, fleet } = this.#parts;
    const isSettled = [...profiles.values()].every(
      ({ metadata: { name, generation } }) => publisher.publication(name)?.generation === generation,
    );
    const member = fleet.member(node);
    return isSettled && member !== undefined && holdsEverything(member.report, bundle.expected(member));
  }

  /** From every node that can be waited for. Each report has this looked at again. */
  async #isRemoved(name: string): Promise<boolean> {
    await this.#parts.publisher.withdraw(name);
    // The watch tells at which resourceVersion it went, and that nodes have to have come so far.
    if (this.#cluster.bundle.get(name)) return false;
    const wait = this.#parts.removals.waitMs(name);
    if (wait === 0) return true;
    this.#agenda.profile(name, wait);
    this.#agenda.status(name);
    return false;
  }

  /** Of the profile as it is by now; one without rendered form needs none. */
  async #keepFinalizer(name: string): Promise<void> {
    const profile = this.#cluster.newest.get(name);
    if (profile) await this.#options.keepFinalizer(profile);
  }

  #forget(name: string): void {
    this.#cluster.bundle.forget(name);
    const { publisher, removals, pace, linter, rollouts } = this.#parts;
    for (const part of [publisher, removals, pace, linter, rollouts]) part.forget(name);
  }
}
