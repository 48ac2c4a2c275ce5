import type { Log } from '../core/log.ts';
import { isAlreadyExists, isConflict, isNotFound } from './errors.ts';
import { microTime } from './micro-time.ts';
import { type KubeObject, resourcePath } from './objects.ts';
import { pause } from './pause.ts';
import type { Transport } from './transport.ts';
import { TroubleLog } from './trouble-log.ts';

export interface LeaderElectionOptions {
  readonly transport: Transport;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Of this process alone: another one with the same identity would lead beside it. */
  readonly identity: string;
  /** Others take over when the lease has not changed for so long. */
  readonly leaseDurationMs?: number;
  /** A leader that could not renew for so long stops leading; shorter than the lease's duration. */
  readonly renewDeadlineMs?: number;
  /** Time between two tries; shorter than the deadline. */
  readonly retryPeriodMs?: number;
  readonly log: Log;
}

export interface LeaderElectionRun {
  /** Ends it all: the lease is given back once `lead` has ended. */
  readonly signal: AbortSignal;
  /** Does the leader's work until its signal aborts; what it throws ends the run. */
  lead(signal: AbortSignal): Promise<void>;
}

interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

interface HeldLease {
  readonly lease: Lease;
  /** When the write was sent that made it ours, on the clock of `performance.now()`. */
  readonly since: number;
}

/**
 * One leader among several processes, by a coordination.k8s.io/v1 Lease. Whether a lease has expired is judged by how long
 * its resourceVersion has not changed while we looked: clocks of other machines play no part. Each write carries the
 * resourceVersion it is based on, so that of two candidates one is refused. The leader stops before others may begin,
 * since its deadline is shorter than the lease's duration.
 */
export class LeaderElection {
  readonly #options: Required<LeaderElectionOptions>;
  readonly #path: string;
  readonly #trouble: TroubleLog;
  #observed = { resourceVersion: '', since: 0 };
  #isLeader = false;
  #leadsUntil = 0;
  /** Who led when we last looked. */
  #leader = '';

  constructor(options: LeaderElectionOptions) {
    const timing = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
    this.#options = { ...timing, ...options };
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs, namespace, name } = this.#options;
    if (!(leaseDurationMs > renewDeadlineMs && renewDeadlineMs > retryPeriodMs)) {
      throw new RangeError('a lease needs leaseDurationMs > renewDeadlineMs > retryPeriodMs');
    }
    this.#path = resourcePath({ group: 'coordination.k8s.io', version: 'v1', plural: 'leases', namespace });
    this.#trouble = new TroubleLog(options.log, 'leader election', { lease: `${namespace}/${name}` });
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  /**
   * To be asked before each write. A process that was stopped for longer than its lease wakes up in the middle of its work:
   * this says so before any timer does.
   */
  get mayWrite(): boolean {
    return this.#isLeader && performance.now() < this.#leadsUntil;
  }

  /** Campaigns and leads in turn until the signal aborts, then gives the lease back. */
  async run({ signal, lead }: LeaderElectionRun): Promise<void> {
    while (!signal.aborted) {
      const held = await this.#campaign(signal);
      if (!held) return;
      await this.#lead(held, signal, lead);
      await pause(this.#options.retryPeriodMs, signal);
    }
  }

  async #campaign(signal: AbortSignal): Promise<HeldLease | undefined> {
    while (!signal.aborted) {
      try {
        const held = await this.#tryToAcquire();
        this.#trouble.recovered();
        if (held) return held;
      } catch (error) {
        this.#trouble.report((error as Error).message);
      }
      await pause(this.#options.retryPeriodMs * (0.8 + 0.4 * Math.random()), signal);
    }
    return undefined;
  }

  /** Another candidate may be faster: then the answer is undefined, as while the lease is held by another. */
  async #tryToAcquire(): Promise<HeldLease | undefined> {
    try {
      const present = await this.#get();
      if (present && !this.#isFree(present)) return this.#waitFor(present.spec?.holderIdentity ?? '');
      return await this.#write(present, this.#claim(present));
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error)) return undefined;
      throw error;
    }
  }

  #waitFor(leader: string): undefined {
    if (leader !== this.#leader) this.#options.log.info('another replica leads, waiting to take over', { leader });
    this.#leader = leader;
  }

  #isFree({ metadata, spec }: Lease): boolean {
    const { holderIdentity, leaseDurationSeconds = 0 } = spec ?? {};
    // Ours already: a write whose answer was lost.
    if (!holderIdentity || holderIdentity === this.#options.identity) return true;
    const now = performance.now();
    const { resourceVersion = '' } = metadata;
    if (resourceVersion !== this.#observed.resourceVersion) this.#observed = { resourceVersion, since: now };
    return now - this.#observed.since >= leaseDurationSeconds * 1000;
  }

  async #lead(held: HeldLease, signal: AbortSignal, lead: LeaderElectionRun['lead']): Promise<void> {
    const term = new AbortController();
    const ended = new AbortController();
    const stop = () => term.abort();
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    this.#isLeader = true;
    this.#leader = this.#options.identity;
    this.#options.log.info('leading', { identity: this.#options.identity });
    const renewing = this.#renewUntil(ended.signal, held, term);
    try {
      await lead(term.signal);
    } finally {
      ended.abort();
      signal.removeEventListener('abort', stop);
      const last = await renewing;
      this.#isLeader = false;
      if (last) await this.#giveBack(last);
    }
  }

  /** Renews until the leader's work has ended, also while it is ending; undefined, and the term's end, when it is lost. */
  async #renewUntil(ended: AbortSignal, held: HeldLease, term: AbortController): Promise<Lease | undefined> {
    const { renewDeadlineMs, retryPeriodMs, log } = this.#options;
    let { lease, since } = held;
    this.#leadsUntil = since + renewDeadlineMs;
    let lost = false;
    const remainingMs = () => since + renewDeadlineMs - performance.now();
    const lose = () => {
      if (lost) return;
      lost = true;
      this.#isLeader = false;
      log.warn('no longer leading: the lease was taken, or could not be renewed in time');
      term.abort();
    };
    // A write that hangs must not keep us from seeing that our time is over.
    let deadline = setTimeout(lose, remainingMs());
    while (!lost) {
      await pause(retryPeriodMs, ended);
      if (ended.aborted) break;
      const renewed = remainingMs() > 0 ? await this.#renew(lease, remainingMs()) : 'taken';
      if (renewed === 'taken') lose();
      if (renewed === 'taken' || renewed === undefined) continue;
      ({ lease, since } = renewed);
      this.#leadsUntil = since + renewDeadlineMs;
      clearTimeout(deadline);
      deadline = setTimeout(lose, remainingMs());
    }
    clearTimeout(deadline);
    return lost ? undefined : lease;
  }

  /** One try: 'taken' when another holds the lease, undefined when nothing could be found out. */
  async #renew(lease: Lease, remainingMs: number): Promise<HeldLease | 'taken' | undefined> {
    const timeoutMs = Math.min(remainingMs, this.#options.renewDeadlineMs / 2);
    try {
      const renewed = await this.#write(lease, { ...lease.spec, renewTime: microTime() }, timeoutMs);
      this.#trouble.recovered();
      return renewed;
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return this.#lookAgain(lease, timeoutMs);
      this.#trouble.report((error as Error).message);
      return undefined;
    }
  }

  /** After a conflict: a write of ours whose answer was lost, an edit by hand, or another leader. */
  async #lookAgain(lease: Lease, timeoutMs: number): Promise<HeldLease | 'taken' | undefined> {
    try {
      const present = await this.#get(timeoutMs);
      if (present?.spec?.holderIdentity !== this.#options.identity) return 'taken';
      return await this.#write(present, { ...lease.spec, renewTime: microTime() }, timeoutMs);
    } catch (error) {
      this.#trouble.report((error as Error).message);
      return undefined;
    }
  }

  async #giveBack(lease: Lease): Promise<void> {
    try {
      await this.#write(lease, { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 });
      this.#options.log.info('lease given back');
    } catch (error) {
      this.#options.log.warn('lease not given back, it will expire', { error: (error as Error).message });
    }
  }

  #claim(present: Lease | undefined): NonNullable<Lease['spec']> {
    const now = microTime();
    const before = present?.spec?.leaseTransitions ?? -1;
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.ceil(this.#options.leaseDurationMs / 1000),
      acquireTime: now,
      renewTime: now,
      leaseTransitions: before + 1,
    };
  }

  async #get(timeoutMs = this.#options.renewDeadlineMs): Promise<Lease | undefined> {
    try {
      return await this.#options.transport.request<Lease>('GET', `${this.#path}/${this.#options.name}`, { timeoutMs });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #write(present: Lease | undefined, spec: Lease['spec'], timeoutMs?: number): Promise<HeldLease> {
    const { transport, namespace, name, renewDeadlineMs } = this.#options;
    const since = performance.now();
    const type = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
    const limit = { timeoutMs: timeoutMs ?? renewDeadlineMs };
    const lease = present
      ? await transport.request<Lease>('PUT', `${this.#path}/${name}`, {
          body: { ...present, ...type, spec },
          ...limit,
        })
      : await transport.request<Lease>('POST', this.#path, {
          body: { ...type, metadata: { name, namespace }, spec },
          ...limit,
        });
    return { lease, since };
  }
}
