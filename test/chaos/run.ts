import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../rig/cache.ts';
import { Auditor } from './auditor/auditor.ts';
import { type Finding, Findings } from './auditor/findings.ts';
import { Outside } from './auditor/outside.ts';
import { unsettled } from './auditor/settled.ts';
import type { Fault, Injected, Scene } from './faults/fault.ts';
import { Ledger } from './system/ledger.ts';
import { Random } from './system/random.ts';
import { Workload } from './system/workload.ts';
import { World } from './system/world.ts';

const WITHIN_MS = 60_000;
/** A system that is late is given so much more, to tell late from never. */
const GRACE_MS = 60_000;
const PROFILES = 18;
const CHANGES_A_SECOND = 12;
const MOST_AT_ONCE = 5;

export interface ChaosOptions {
  readonly seed: number;
  /** It ends with the round in which so many are reached, or the time is over. */
  readonly faults: number;
  readonly seconds: number;
  readonly kinds: readonly Fault[];
  readonly progress: Progress;
  readonly programs?: string;
  /** Ends with the first finding: what else comes of that is not of interest. */
  readonly stopAtFinding?: boolean;
}

/** What was done and found, by kind of fault. */
export interface ChaosReport {
  readonly seed: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly changes: number;
  readonly looks: number;
  readonly readies: number;
  readonly kinds: readonly KindReport[];
  /** Of rounds with several kinds at once, in milliseconds. */
  readonly together: readonly number[];
  readonly findings: readonly Finding[];
}

export interface KindReport {
  readonly kind: string;
  readonly injected: number;
  /** From the end of the fault until all was right, where it was the only kind in its round; milliseconds. */
  readonly convergence: readonly number[];
  readonly withinMs: number;
}

/** Does things to the system, round by round, and has the auditor judge each. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { progress, programs } = options;
  const world = await World.start({ progress, ...(programs ? { programs } : {}) });
  try {
    return await new Chaos(world, options).run();
  } finally {
    await world.stop();
  }
}

class Chaos {
  readonly #options: ChaosOptions;
  readonly #scene: Scene;
  readonly #outside: Outside;
  readonly #injected = new Map<Fault, number>();
  readonly #convergence = new Map<Fault, number[]>();
  readonly #together: number[] = [];
  readonly #startedAt = performance.now();
  #rounds = 0;

  constructor(world: World, options: ChaosOptions) {
    const { seed, progress } = options;
    const random = new Random(seed);
    const ledger = new Ledger();
    const findings = new Findings(({ invariant, what, during }) =>
      progress(`FOUND ${invariant}: ${what} [${during.join('; ')}]`),
    );
    const workload = new Workload({
      api: world.api,
      ledger,
      random: new Random(seed + 1),
      profiles: PROFILES,
      rate: CHANGES_A_SECOND,
    });
    // Before the auditor looks, which would take these for the agents' doing.
    this.#outside = new Outside(world.nodes);
    this.#options = options;
    this.#scene = { world, ledger, workload, findings, random, auditor: new Auditor(world, ledger, findings) };
  }

  get #total(): number {
    return [...this.#injected.values()].reduce((sum, count) => sum + count, 0);
  }

  get #seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  async run(): Promise<ChaosReport> {
    const { workload, auditor, findings } = this.#scene;
    const { faults, seconds, stopAtFinding = false } = this.#options;
    try {
      await workload.begin();
      if ((await this.#settle(WITHIN_MS)) === undefined) throw new Error('the system does not even start');
      while (this.#total < faults && this.#seconds < seconds) {
        if (stopAtFinding && findings.all.length) break;
        if (!(await this.#round(this.#choose()))) break;
      }
    } finally {
      await workload.pause();
      await auditor.stop();
    }
    return this.#report();
  }

  /** Those that were done least for their share come first, with some chance. */
  #choose(): Fault[] {
    const { random } = this.#scene;
    const due = (fault: Fault) => ((this.#injected.get(fault) ?? 0) + random.next()) / fault.share;
    const [first, ...others] = this.#options.kinds.toSorted((a, b) => due(a) - due(b)) as [Fault, ...Fault[]];
    if (first.alone || random.chance(0.5)) return [first];
    const chosen = [first];
    for (const other of random.shuffled(others.slice(0, 20))) {
      const fits =
        !other.alone &&
        chosen.every(
          each => !(each.takesApi && (other.needsApi || other.takesApi)) && !(each.needsApi && other.takesApi),
        );
      if (fits && chosen.length < MOST_AT_ONCE) chosen.push(other);
    }
    return chosen;
  }

  /** False when the system is beyond help. */
  async #round(faults: readonly Fault[]): Promise<boolean> {
    const { workload, findings, random, world } = this.#scene;
    const done: Injected[] = [];
    findings.during = faults.map(({ kind }) => kind);
    workload.resume();
    try {
      for (const fault of faults) {
        const injected = await fault.inject(this.#scene);
        done.push(injected);
        findings.during = findings.during.with(done.length - 1, `${fault.kind} (${injected.what})`);
        this.#injected.set(fault, (this.#injected.get(fault) ?? 0) + injected.count);
      }
      await sleep(random.between(100, 1_200));
    } finally {
      // The last one first, as far as they came.
      for (const injected of done.reverse()) await injected.end?.();
    }
    await workload.pause();
    const withinMs = Math.max(...faults.map(fault => fault.withinMs ?? WITHIN_MS));
    const took = await this.#settle(withinMs);
    this.#record(faults, took);
    this.#outside.check(findings);
    for (const crash of world.crashes.splice(0)) findings.note('crashed', crash);
    this.#rounds++;
    this.#options.progress(this.#line(faults, took));
    return took !== undefined;
  }

  /** Milliseconds until all is right; undefined when that never came. */
  async #settle(withinMs: number): Promise<number | undefined> {
    const { world, ledger, auditor, findings } = this.#scene;
    const from = performance.now();
    let problems: string[] = [];
    while (performance.now() - from < withinMs + GRACE_MS) {
      try {
        problems = await unsettled(world, ledger, auditor.files);
      } catch (error) {
        problems = [(error as Error).message];
      }
      if (problems.length === 0) break;
      await sleep(50);
    }
    const took = performance.now() - from;
    if (problems.length)
      findings.note('converged', `not within ${(withinMs + GRACE_MS) / 1000} s: ${problems.slice(0, 8).join('; ')}`);
    else if (took > withinMs)
      findings.note('converged', `after ${Math.round(took / 1000)} s instead of ${withinMs / 1000} s`);
    ledger.isRewriting = false;
    auditor.tampering.settled();
    return problems.length ? undefined : took;
  }

  #record(faults: readonly Fault[], took: number | undefined): void {
    if (took === undefined) return;
    const [first, ...others] = faults as [Fault, ...Fault[]];
    if (others.length) this.#together.push(took);
    else this.#convergence.set(first, [...(this.#convergence.get(first) ?? []), took]);
  }

  #line(faults: readonly Fault[], took: number | undefined): string {
    const what = faults.map(({ kind }) => kind).join(' + ');
    const time = took === undefined ? 'never' : `${(took / 1000).toFixed(1)} s`;
    return `${Math.round(this.#seconds)} s, ${this.#total} faults: ${what}: right again after ${time}`;
  }

  #report(): ChaosReport {
    const { workload, auditor, findings } = this.#scene;
    const kinds = this.#options.kinds.map(fault => ({
      kind: fault.kind,
      injected: this.#injected.get(fault) ?? 0,
      convergence: this.#convergence.get(fault) ?? [],
      withinMs: fault.withinMs ?? WITHIN_MS,
    }));
    return {
      seed: this.#options.seed,
      seconds: this.#seconds,
      rounds: this.#rounds,
      changes: workload.changes,
      looks: auditor.looks,
      readies: auditor.readies,
      kinds,
      together: this.#together,
      findings: findings.all,
    };
  }
}
