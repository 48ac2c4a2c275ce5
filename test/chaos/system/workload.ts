import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, Refusal, type Stored } from './api.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import { isBase, specOf } from './specs.ts';

export const PROFILES = '/apis/seccomp-operator.dev/v1alpha1/seccompprofiles';
const TYPE = { apiVersion: 'seccomp-operator.dev/v1alpha1', kind: 'SeccompProfile' };

export interface WorkloadOptions {
  readonly api: Api;
  readonly ledger: Ledger;
  readonly random: Random;
  /** Profiles beside the two bases. */
  readonly profiles: number;
  /** Changes a second, at most. */
  readonly rate: number;
}

/** People who create, edit, disable and delete profiles, until they are asked to pause. */
export class Workload {
  readonly #options: WorkloadOptions;
  #isPaused = true;
  #running: Promise<void> = Promise.resolve();
  changes = 0;

  constructor(options: WorkloadOptions) {
    this.#options = options;
    const { ledger, profiles } = options;
    for (const name of ['base-one', 'base-two']) ledger.entry(name);
    for (let at = 0; at < profiles; at++) {
      const base = at % 5 === 3 ? 'base-one' : at % 5 === 4 ? 'base-two' : undefined;
      ledger.entry(`profile-${at}`, base);
    }
  }

  /** Creates all. */
  async begin(): Promise<void> {
    for (const entry of this.#options.ledger.entries.values()) await this.apply(entry, 'enabled');
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#running = this.#run();
  }

  /** Resolves when the API server has taken the last change. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { random, rate } = this.#options;
    while (!this.#isPaused) {
      await this.change();
      await sleep((1000 / rate) * 2 * random.next());
    }
  }

  /** One at random. */
  async change(): Promise<void> {
    const { ledger, random } = this.#options;
    const entry = random.pick([...ledger.entries.values()]);
    if (isBase(entry.name) || entry.state === 'gone') return this.apply(entry, 'enabled');
    const chance = random.next();
    if (chance < 0.1) return this.remove(entry);
    await this.apply(entry, chance < 0.2 ? 'disabled' : 'enabled');
  }

  /** A new version of it. */
  async apply(entry: Entry, state: 'enabled' | 'disabled'): Promise<void> {
    const { api } = this.#options;
    const { name, base } = entry;
    entry.moving = true;
    const version = ++entry.sent;
    if (entry.state !== 'enabled') entry.since = version;
    const spec = { ...specOf(name, version, base), state: state === 'enabled' ? 'Enabled' : 'Disabled' };
    const path = `${PROFILES}/${name}`;
    const isTaken = await api.insist(`version ${version} of ${name} is taken`, async () => {
      const present = await api.find<Stored>(path);
      // It is being removed: whoever wants it again has to wait.
      if (present?.metadata.deletionTimestamp) return false;
      if (present) await api.merge(path, { spec });
      else await api.call('POST', PROFILES, { ...TYPE, metadata: { name }, spec }).catch(unlessThere);
      return true;
    });
    if (isTaken) Object.assign(entry, { version, state });
    entry.moving = false;
    this.changes++;
  }

  async remove(entry: Entry): Promise<void> {
    const { api } = this.#options;
    entry.moving = true;
    await api.insist(`${entry.name} is deleted`, () => api.remove(`${PROFILES}/${entry.name}`));
    entry.state = 'gone';
    entry.moving = false;
    this.changes++;
  }
}

/** A first try whose answer was lost: the next one finds it. */
function unlessThere(error: unknown): void {
  if (!(error instanceof Refusal) || error.status !== 409) throw error;
  throw new Error('made meanwhile; looking again');
}
