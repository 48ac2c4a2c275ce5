import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import { findCondition } from '../core/status/conditions.ts';
import type { Labels } from '../runtime/metrics.ts';
import type { Fleet, ReportRef } from './fleet.ts';
import type { ViolationBoard } from './violation-board.ts';

export interface FiguresOptions {
  readonly profiles: ReadonlyMap<string, SeccompProfile>;
  readonly reports: ReadonlyMap<string, ReportRef>;
  readonly fleet: Fleet;
  readonly board: ViolationBoard;
  readonly countsViolations: () => boolean;
  /** What waits for work. */
  readonly queued: () => number;
}

type Series = readonly [Labels, number];

/** Of one metric, whatever the number of profiles. */
const MAX_SERIES = 2_000;

/** What metrics say of a term of leadership: read from its state when somebody asks, and kept nowhere. */
export class Figures {
  readonly #state: FiguresOptions;

  constructor(state: FiguresOptions) {
    this.#state = state;
  }

  get queued(): number {
    return this.#state.queued();
  }

  /** Nodes that should hold the profiles. */
  get nodes(): number {
    return this.#state.fleet.size;
  }

  /** Nodes whose files were altered by somebody else, and repaired, in the last hour. */
  get drifted(): number {
    return [...this.#state.reports.values()].filter(({ drifted }) => drifted).length;
  }

  /** Profiles by the status of their condition Ready. */
  readiness(): Iterable<Series> {
    const counts = { True: 0, False: 0, Unknown: 0 };
    for (const profile of this.#state.profiles.values()) counts[readyOf(profile)?.status ?? 'Unknown']++;
    return seriesOf('ready', counts);
  }

  /** Profiles that are not Ready though somebody waits for them, by name and reason. */
  notReady(): Iterable<Series> {
    return limited(this.#notReady());
  }

  *#notReady(): Iterable<Series> {
    for (const profile of this.#state.profiles.values()) {
      const { status, reason = 'Unknown' } = readyOf(profile) ?? {};
      if (status !== 'True' && reason !== 'Disabled') yield [{ profile: profile.metadata.name, reason }, 1];
    }
  }

  /** Nodes by what their report says. */
  nodeStates(): Iterable<Series> {
    const counts = { synced: 0, failed: 0, unreported: 0, unreachable: 0 };
    for (const { report, reachable } of this.#state.fleet.members()) {
      if (!reachable) counts.unreachable++;
      else if (report.failures.size || report.trouble) counts.failed++;
      else counts[report.resourceVersion === undefined ? 'unreported' : 'synced']++;
    }
    return seriesOf('state', counts);
  }

  /** Rollouts by what they wait for. */
  rolloutPhases(): Iterable<Series> {
    return limited(this.#rolloutPhases());
  }

  *#rolloutPhases(): Iterable<Series> {
    for (const { metadata, spec, status } of this.#state.profiles.values()) {
      const { phase, stage } = (spec.rollout && status?.rollout) ?? {};
      if (phase) yield [{ profile: metadata.name, phase, stage: String(stage) }, 1];
    }
  }

  /** Violations by profile and call. */
  violationCounts(): Iterable<Series> {
    return limited(this.#violationCounts());
  }

  *#violationCounts(): Iterable<Series> {
    for (const [profile, call, count] of this.#state.board.counts()) {
      yield [{ profile, ...call }, count];
    }
  }

  /** Records that nodes read, and those of which nothing more is known than that there were some. */
  recordCounts(): Iterable<Series> {
    return seriesOf('outcome', this.#state.board.records);
  }

  /** Nodes by whether violations are counted there, where that is enabled; what one said that is off says nothing. */
  watchStates(): Iterable<Series> {
    const { board, fleet, countsViolations } = this.#state;
    if (!countsViolations()) return [];
    const counts = { Watching: 0, Blind: 0, Stopped: 0, Unreported: 0 };
    for (const { name, reachable } of fleet.members()) {
      counts[(reachable && board.stateOf(name)) || 'Unreported']++;
    }
    return seriesOf('state', counts);
  }
}

const readyOf = ({ status }: SeccompProfile) => findCondition(status?.conditions, 'Ready');

function seriesOf(label: string, counts: object): Iterable<Series> {
  return Object.entries(counts).map(([value, count]: [string, number]) => [{ [label]: value }, count] as const);
}

function* limited(all: Iterable<Series>): Iterable<Series> {
  let count = 0;
  for (const series of all) {
    if (++count > MAX_SERIES) return;
    yield series;
  }
}
