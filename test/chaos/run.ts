import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../rig/cache.ts';
import { until } from '../rig/until.ts';
import type { Finding, Invariant } from './auditor/findings.ts';
import type { Fault, Injected } from './faults/fault.ts';
import { Scenario } from './scenario.ts';
import { Random } from './system/random.ts';

const WITHIN_MS = 60_000;
const CHANGES_A_SECOND = 12;
const MOST_AT_ONCE = 8;

export interface ChaosOptions {
  readonly seed: number;
  /** It ends with the round in which so many are reached, or the time is over. */
  readonly faults: number;
  readonly seconds: number;
  readonly kinds: readonly Fault[];
  readonly progress: Progress;
  readonly programs?: string;
  /** Ends with the first such finding. */
  readonly stopAt?: Invariant;
  /** Instead of the times within which all must be right again, and those to tell late from never. */
  readonly patienceMs?: number;
}

/** What was done and found, by kind of fault. */
export interface ChaosReport {
  readonly seed: number | string;
  readonly seconds: number;
  readonly rounds: number;
  readonly changes: number;
  readonly looks: number;
  readonly readies: number;
  readonly kinds: readonly KindReport[];
  /** Of rounds with several kinds at once, in milliseconds. */
  readonly together: readonly number[];
  readonly findings: readonly Finding[];
  /** Why the run ended before its time: the suite itself failed. */
  readonly brokeOff?: string;
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
  const { seed, progress, programs } = options;
  const scenario = await Scenario.start({
    seed,
    changesASecond: CHANGES_A_SECOND,
    progress,
    ...(programs ? { programs } : {}),
  });
  try {
    return await new Chaos(scenario, options).run();
  } finally {
    await scenario.stop().catch(error => progress(`not stopped in order: ${(error as Error).message}`));
  }
}

class Chaos {
  readonly #options: ChaosOptions;
  readonly #scenario: Scenario;
  readonly #random: Random;
  readonly #injected = new Map<Fault, number>();
  readonly #convergence = new Map<Fault, number[]>();
  readonly #together: number[] = [];
  readonly #startedAt = performance.now();
  #rounds = 0;

  constructor(scenario: Scenario, options: ChaosOptions) {
    this.#scenario = scenario;
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  get #total(): number {
    return [...this.#injected.values()].reduce((sum, count) => sum + count, 0);
  }

  get #seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  async run(): Promise<ChaosReport> {
    const { faults, seconds, stopAt } = this.#options;
    const { findings } = this.#scenario;
    while (this.#total < faults && this.#seconds < seconds) {
      if (findings.all.some(({ invariant }) => invariant === stopAt)) break;
      try {
        if (!(await this.#round(this.#choose()))) break;
      } catch (error) {
        // Of the suite or the machine: what was seen so far is still worth telling.
        return { ...this.#report(), brokeOff: (error as Error).stack ?? String(error) };
      }
    }
    return this.#report();
  }

  /** Those that were done least for their share come first, with some chance. */
  #choose(): Fault[] {
    const random = this.#random;
    const due = (fault: Fault) => ((this.#injected.get(fault) ?? 0) + random.next()) / fault.share;
    const [first, ...others] = this.#options.kinds
      .map(fault => ({ fault, due: due(fault) }))
      .sort((a, b) => a.due - b.due)
      .map(({ fault }) => fault) as [Fault, ...Fault[]];
    if (first.alone || random.chance(0.4)) return [first];
    const chosen = [first];
    for (const other of random.shuffled(others.slice(0, 30)))
      if (chosen.length < MOST_AT_ONCE && chosen.every(each => areCompatible(each, other))) chosen.push(other);
    return chosen;
  }

  /** False when the system is beyond help. */
  async #round(faults: readonly Fault[]): Promise<boolean> {
    const { workload, findings } = this.#scenario;
    const done: Injected[] = [];
    findings.during = faults.map(({ kind }) => kind);
    workload.resume();
    try {
      for (const fault of faults) {
        const injected = await this.#inject(fault);
        done.push(injected);
        findings.during = findings.during.with(done.length - 1, `${fault.kind} (${injected.what})`);
        this.#injected.set(fault, (this.#injected.get(fault) ?? 0) + injected.count);
      }
      await sleep(this.#random.between(100, 1_200));
    } finally {
      // The last one first, as far as they came; one may stand in another's way.
      let left = done.reverse();
      await until('all is taken back', async () => {
        left = await notTakenBack(left);
        return left.length === 0;
      });
    }
    const { patienceMs, progress } = this.#options;
    const within = patienceMs ?? Math.max(...faults.map(fault => fault.withinMs ?? WITHIN_MS));
    const took = await this.#scenario.settle(within, patienceMs);
    this.#record(faults, took);
    this.#rounds++;
    progress(this.#line(faults, took));
    return took !== undefined;
  }

  /** Another fault may be in its way: then it is none. */
  async #inject(fault: Fault): Promise<Injected> {
    try {
      return await fault.inject({ ...this.#scenario, random: this.#random });
    } catch (error) {
      const what = `not injected: ${(error as Error).message}`;
      this.#options.progress(`${fault.kind}: ${what}`);
      return { count: 0, what };
    }
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
    const { workload, auditor, findings } = this.#scenario;
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

function areCompatible(one: Fault, other: Fault): boolean {
  if (one.alone || other.alone) return false;
  if (one.uses !== undefined && one.uses === other.uses) return false;
  return !excludes(one, other) && !excludes(other, one);
}

const excludes = ({ takes }: Fault, other: Fault): boolean =>
  takes !== undefined && (other.takes === takes || other.needs === takes);

/** Those that could not be taken back yet. */
async function notTakenBack(all: readonly Injected[]): Promise<Injected[]> {
  const left: Injected[] = [];
  for (const each of all)
    try {
      await each.end?.();
    } catch {
      left.push(each);
    }
  return left;
}
