import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../core/log.ts';
import { isConflict, isNotFound } from './errors.ts';
import { type KubeObject, resourcePath } from './objects.ts';
import type { Transport } from './transport.ts';

export interface LeaderElectionOptions {
  readonly transport: Transport;
  readonly namespace: string;
  readonly name: string;
  /** Tells this candidate from the others. */
  readonly identity: string;
  /** A lease that did not change for so long may be taken. */
  readonly leaseDurationMs?: number;
  /** A leader that could not renew for so long has lost; shorter than the duration, so that it stops before another starts. */
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
  readonly log: Log;
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

/**
 * Leader election on a coordination.k8s.io/v1 Lease. Clocks of other machines are not trusted: a lease has expired when it
 * was not seen to change for its duration. Each write carries the resourceVersion that was read, so of two candidates one
 * is refused.
 */
export class LeaderElection {
  readonly #options: Required<LeaderElectionOptions>;
  readonly #path: string;
  #observed = { resourceVersion: '', at: 0 };
  #lease: Lease | undefined;
  #leading = false;

  constructor(options: LeaderElectionOptions) {
    this.#options = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000, ...options };
    this.#path = resourcePath({
      group: 'coordination.k8s.io',
      version: 'v1',
      plural: 'leases',
      namespace: options.namespace,
    });
  }

  get isLeader(): boolean {
    return this.#leading;
  }

  /** Campaigns, leads, and campaigns again, until the signal ends it; then the lease is given back. */
  async run(signal: AbortSignal, lead: (term: AbortSignal) => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      if (await this.#tryAcquire()) await this.#term(signal, lead);
      await this.#wait(signal);
    }
  }

  async #term(signal: AbortSignal, lead: (term: AbortSignal) => Promise<void>): Promise<void> {
    const { log, identity } = this.#options;
    const lost = new AbortController();
    const term = AbortSignal.any([signal, lost.signal]);
    log.info('leading', { identity });
    this.#leading = true;
    const work = lead(term).finally(() => lost.abort());
    await this.#renew(term);
    lost.abort();
    this.#leading = false;
    await work.finally(() => this.#release());
    log.info('no longer leading', { identity });
  }

  /** Returns when the term ends, by loss or by the signal. */
  async #renew(term: AbortSignal): Promise<void> {
    const { renewDeadlineMs, log } = this.#options;
    let renewedAt = performance.now();
    while (!term.aborted) {
      await this.#wait(term);
      if (term.aborted) return;
      if (await this.#tryAcquire()) renewedAt = performance.now();
      else if (this.#isHeldByAnother || performance.now() - renewedAt > renewDeadlineMs) {
        log.warn('leadership lost: the lease could not be renewed in time');
        return;
      }
    }
  }

  get #isHeldByAnother(): boolean {
    const holder = this.#lease?.spec?.holderIdentity;
    return holder !== undefined && holder !== '' && holder !== this.#options.identity;
  }

  /** True when the lease is ours after the call. */
  async #tryAcquire(): Promise<boolean> {
    try {
      // A leader writes over what it wrote last: one request a period.
      if (!this.#leading) await this.#observe();
      if (this.#lease && this.#isHeldByAnother && !this.#isExpired) return false;
      await this.#write(this.#options.identity);
      return true;
    } catch (error) {
      if (isConflict(error)) await this.#observe().catch(() => {});
      else this.#options.log.warn('the lease could not be written', { error: (error as Error).message });
      return false;
    }
  }

  async #observe(): Promise<void> {
    const { transport, name } = this.#options;
    try {
      this.#lease = await transport.request<Lease>('GET', `${this.#path}/${name}`);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#lease = undefined;
    }
    const resourceVersion = this.#lease?.metadata.resourceVersion ?? '';
    if (resourceVersion !== this.#observed.resourceVersion) this.#observed = { resourceVersion, at: performance.now() };
  }

  get #isExpired(): boolean {
    const duration = (this.#lease?.spec?.leaseDurationSeconds ?? 0) * 1000 || this.#options.leaseDurationMs;
    return performance.now() - this.#observed.at > duration;
  }

  async #write(holderIdentity: string): Promise<void> {
    const { transport, name, namespace, leaseDurationMs } = this.#options;
    const before = this.#lease?.spec;
    const now = new Date().toISOString().replace('Z', '000Z');
    const changesHands = before?.holderIdentity !== holderIdentity;
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { ...this.#lease?.metadata, name, namespace },
      spec: {
        holderIdentity,
        leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
        acquireTime: changesHands ? now : (before?.acquireTime ?? now),
        renewTime: now,
        leaseTransitions: (before?.leaseTransitions ?? 0) + (changesHands && holderIdentity ? 1 : 0),
      },
    };
    const [method, path] = this.#lease ? ['PUT', `${this.#path}/${name}`] : ['POST', this.#path];
    this.#lease = await transport.request<Lease>(method as string, path as string, { body: lease });
  }

  async #release(): Promise<void> {
    if (this.#isHeldByAnother) return;
    await this.#write('').catch(error =>
      this.#options.log.warn('the lease was not given back; it runs out by itself', { error: error.message }),
    );
  }

  async #wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const ms = this.#options.retryPeriodMs * (0.9 + Math.random() * 0.2);
    await sleep(ms, undefined, { signal }).catch(() => {});
  }
}
