import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../rig/cache.ts';
import { Auditor } from './auditor/auditor.ts';
import { Findings } from './auditor/findings.ts';
import { Outside } from './auditor/outside.ts';
import { unsettled } from './auditor/settled.ts';
import { Ledger } from './system/ledger.ts';
import { Random } from './system/random.ts';
import { Workload } from './system/workload.ts';
import { World } from './system/world.ts';

/** A system that is late is given so much more, to tell late from never. */
const GRACE_MS = 60_000;
const PROFILES = 18;

export interface ScenarioOptions {
  readonly seed: number;
  readonly changesASecond: number;
  /** How often the auditor reads all files. */
  readonly lookEveryMs?: number;
  readonly progress: Progress;
  /** A directory with other programs than those of dist. */
  readonly programs?: string;
}

/** The system, people who change profiles, and the auditor who knows what they did. */
export class Scenario {
  readonly world: World;
  readonly ledger = new Ledger();
  readonly findings: Findings;
  readonly workload: Workload;
  readonly auditor: Auditor;
  readonly #outside: Outside;

  /** All profiles are on all nodes then. */
  static async start(options: ScenarioOptions): Promise<Scenario> {
    const { progress, programs } = options;
    const world = await World.start({ progress, ...(programs ? { programs } : {}) });
    const scenario = new Scenario(world, options);
    try {
      await scenario.workload.begin();
      if ((await scenario.settle(GRACE_MS)) === undefined) throw new Error('the system does not even start');
      return scenario;
    } catch (error) {
      await scenario.stop();
      throw error;
    }
  }

  private constructor(world: World, { seed, changesASecond, lookEveryMs = 15, progress }: ScenarioOptions) {
    this.world = world;
    this.findings = new Findings(({ invariant, what, during }) =>
      progress(`FOUND ${invariant}: ${what} [${during.join('; ')}]`),
    );
    const random = new Random(seed + 1);
    const { api } = world;
    this.workload = new Workload({ api, ledger: this.ledger, random, profiles: PROFILES, rate: changesASecond });
    // Before the auditor looks, which would take these for the agents' doing.
    this.#outside = new Outside(world.nodes);
    this.auditor = new Auditor({ world, ledger: this.ledger, findings: this.findings, lookEveryMs });
  }

  /** Pauses the changes, and waits: milliseconds until all is as applied; undefined, and a finding, when that never comes. */
  async settle(withinMs: number, graceMs = GRACE_MS): Promise<number | undefined> {
    const { world, ledger, auditor, findings, workload } = this;
    await workload.pause();
    const from = performance.now();
    let problems: string[] = [];
    while (performance.now() - from < withinMs + graceMs) {
      try {
        problems = await unsettled(world, ledger, auditor.files);
      } catch (error) {
        problems = [(error as Error).message];
      }
      if (problems.length === 0) break;
      await sleep(50);
    }
    const took = Math.round(performance.now() - from);
    const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
    if (problems.length)
      findings.note('converged', `not within ${seconds(withinMs + graceMs)}: ${problems.slice(0, 8).join('; ')}`);
    else if (took > withinMs) findings.note('converged', `after ${seconds(took)} instead of ${seconds(withinMs)}`);
    ledger.isRewriting = false;
    auditor.tampering.settled();
    this.#outside.check(findings);
    for (const crash of world.crashes.splice(0)) findings.note('crashed', crash);
    for (const complaint of world.complaints()) findings.note('crashed', complaint);
    return problems.length ? undefined : took;
  }

  async stop(): Promise<void> {
    await this.workload.pause();
    await this.auditor.stop();
    await this.world.stop();
  }
}
