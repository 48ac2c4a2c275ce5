import { setTimeout as sleep } from 'node:timers/promises';
import type { Entry, Ledger } from '../system/ledger.ts';
import { partOf, versionOf } from '../system/specs.ts';
import { PROFILES } from '../system/workload.ts';
import type { ChaosNode, World } from '../system/world.ts';
import { Files, type Look } from './files.ts';
import type { Findings } from './findings.ts';
import { isReady, type Told } from './profile.ts';
import { Tampering } from './tampering.ts';

const TOLD_WITHIN_MS = 5_000;

export interface AuditorOptions {
  readonly world: World;
  readonly ledger: Ledger;
  readonly findings: Findings;
  readonly lookEveryMs: number;
}

/**
 * Knows what was applied, reads the nodes' directories over and over and each status as it is written, and notes what is
 * not as it must be. It shares no code with the product.
 */
export class Auditor {
  readonly tampering = new Tampering();
  readonly files: Files;
  /** Times that a file was looked at, and that Ready=True was compared with the disks. */
  looks = 0;
  readies = 0;
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #findings: Findings;
  readonly #lookEveryMs: number;
  readonly #stopping = new AbortController();
  /** The version that was seen last, by node/profile. */
  readonly #seen = new Map<string, number>();
  readonly #comparing = new Set<Promise<void>>();
  readonly #done: Promise<unknown>;

  constructor({ world, ledger, findings, lookEveryMs }: AuditorOptions) {
    this.#world = world;
    this.#lookEveryMs = lookEveryMs;
    this.#ledger = ledger;
    this.#findings = findings;
    this.files = new Files(ledger);
    this.#done = Promise.all([this.#lookAtFiles(), this.#followStatuses()]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
    await Promise.all(this.#comparing);
  }

  async #lookAtFiles(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      for (const node of this.#world.nodes) for (const entry of this.#ledger.entries.values()) this.#look(node, entry);
      await sleep(this.#lookEveryMs);
    }
  }

  #look(node: ChaosNode, entry: Entry): void {
    this.looks++;
    const key = `${node.name}/${entry.name}`;
    const look = this.files.look(node.files, entry);
    if (look.is === 'version') {
      this.#seen.set(key, look.version);
      this.tampering.healed(node.name, entry.name);
    } else if (look.is === 'wrong') {
      if (!this.tampering.isExcused(node.name, entry.name)) this.#findings.note('torn', `${key}: ${look.why}`);
    } else if (entry.state !== 'enabled' || entry.moving || this.#ledger.isRewriting) this.#seen.delete(key);
    else if (!this.tampering.isExcused(node.name, entry.name)) {
      const seen = this.#seen.get(key);
      this.#seen.delete(key);
      // An earlier one may still have to go: the profile was disabled or deleted meanwhile.
      if (seen !== undefined && seen >= entry.since)
        this.#findings.note('missing', `${key}: version ${seen} was there`);
    }
  }

  async #followStatuses(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted)
      try {
        const list = await this.#world.api.get<{ metadata: { resourceVersion: string }; items: Told[] }>(PROFILES);
        for (const each of list.items) this.#compareSoon(each);
        const from = `${PROFILES}?watch=true&timeoutSeconds=60&resourceVersion=${list.metadata.resourceVersion}`;
        await this.#world.api.watch(from, signal, line => {
          const { type, object } = JSON.parse(line) as { type: string; object: Told };
          if (type === 'ADDED' || type === 'MODIFIED') this.#compareSoon(object);
        });
      } catch {
        // The API server is away, or we are stopped.
        if (!signal.aborted) await sleep(100);
      }
  }

  /** Some wait for a while, and nobody for them. Where the API server cannot be asked, nothing is said. */
  #compareSoon(told: Told): void {
    const comparing = this.#compare(told)
      .catch(() => {})
      .finally(() => this.#comparing.delete(comparing));
    this.#comparing.add(comparing);
  }

  /** Says it Ready of a generation that is still the newest, when the disks have been read? */
  async #compare(told: Told): Promise<void> {
    const { name, uid, generation } = told.metadata;
    const entry = this.#ledger.entries.get(name);
    if (!entry || !isReady(told)) return;
    this.readies++;
    if (this.#differing(told, entry).length === 0) return;
    // What is changed by hand, or in its base, changes no generation: the status follows a moment later.
    if (this.tampering.isToldOtherwise(name) || entry.base) await sleep(TOLD_WITHIN_MS);
    const now = await this.#world.api.find<Told>(`${PROFILES}/${name}`);
    const isSame = now?.metadata.uid === uid && now.metadata.generation === generation && isReady(now);
    if (!isSame || now.status?.digest !== told.status?.digest || this.#ledger.isRewriting) return;
    for (const [node, look] of this.#differing(told, entry)) {
      const version = versionOf(told.spec, partOf(name));
      const found = JSON.stringify(look);
      this.#findings.note('ready', `${name} generation ${generation} (version ${version}) is Ready; ${node}: ${found}`);
    }
  }

  /** Nodes whose file is not what the profile and its status say. */
  #differing({ spec, status }: Told, entry: Entry): [node: string, look: Look][] {
    const version = versionOf(spec, partOf(entry.name));
    const isRight = (look: Look) => look.is === 'version' && look.version === version && look.digest === status?.digest;
    return this.#world.nodes
      .filter(({ name }) => !this.tampering.isHarmed(name, entry.name))
      .map(({ name, files }): [string, Look] => [name, this.files.look(files, entry)])
      .filter(([, look]) => !isRight(look));
  }
}
