import type { Log } from '../core/log.ts';
import { targetsOf } from '../core/recording/targets.ts';
import { isConflict } from '../kube/errors.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import type { Cluster } from './cluster.ts';
import { isDeleted } from './watched-profile.ts';

/** What there is to do: each brings one thing to where it should be, and is done again when it throws. */
export interface Tasks {
  agents(): Promise<void>;
  bundles(): Promise<void>;
  allProfiles(): Promise<void>;
  node(name: string): Promise<void>;
  profile(name: string): Promise<void>;
  rollout(profile: string): Promise<void>;
  recording(name: string): Promise<void>;
  status(profile: string): Promise<void>;
  lint(profile: string): Promise<void>;
}

/** In so many milliseconds; or after all that has just changed, because a list shows it. */
export type When = number | 'listed';

type Named = 'node' | 'profile' | 'rollout' | 'recording';
type Single = 'agents' | 'bundles' | 'allProfiles';

/** What concerns every profile, or every node, is looked at once for all that changed meanwhile. */
const GATHER_MS = 100;
const BACKOFF = { initialMs: 50, maxMs: 60_000 };

/** What is to be looked at, and when. What is put down again while it waits is done once. */
export class Agenda {
  readonly #cluster: Pick<Cluster, 'profiles' | 'recordings'>;
  readonly #log: Log;
  readonly #work: WorkQueue;
  readonly #statuses: WorkQueue;
  readonly #lints: WorkQueue;
  #tasks!: Tasks;

  constructor(cluster: Pick<Cluster, 'profiles' | 'recordings'>, log: Log) {
    this.#cluster = cluster;
    this.#log = log;
    this.#work = this.#queue(8, key => this.#carryOut(key));
    this.#statuses = this.#queue(4, name => this.#tasks.status(name));
    // After what waits already: nodes wait for none of it.
    this.#lints = this.#queue(1, name => this.#tasks.lint(name));
  }

  /** Before this, everything is only collected. */
  start(tasks: Tasks): void {
    this.#tasks = tasks;
    for (const queue of this.#queues) queue.start();
  }

  /** Forgets all that waits; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    await Promise.all(this.#queues.map(queue => queue.stop()));
  }

  /** What waits for its turn, or is being done. */
  get size(): number {
    return this.#work.size + this.#statuses.size;
  }

  agents(): void {
    this.#work.add('agents' satisfies Single);
  }

  node(name: string, when: When = 0): void {
    add(this.#work, keyOf('node', name), when);
  }

  profile(name: string, when: When = 0): void {
    add(this.#work, keyOf('profile', name), when);
  }

  rollout(profile: string, when: When = 0): void {
    add(this.#work, keyOf('rollout', profile), when);
  }

  recording(name: string, when: When = 0): void {
    add(this.#work, keyOf('recording', name), when);
  }

  status(profile: string, when: When = 0): void {
    add(this.#statuses, profile, when);
  }

  lint(profile: string): void {
    this.#lints.add(profile);
  }

  /** What is seen of a profile has changed: its status may, and its rollout may go on. */
  seen(profile: string, inMs = 0): void {
    this.status(profile, inMs);
    if (this.#cluster.profiles.get(profile)?.spec.rollout) this.rollout(profile, inMs);
  }

  /** It was nodes that changed, for which a deleted profile waits. */
  seenOnNodes(profile: string, inMs: number): void {
    this.seen(profile, inMs);
    const known = this.#cluster.profiles.get(profile);
    if (known && isDeleted(known)) this.profile(profile, inMs);
  }

  /** Every profile may be concerned. */
  seenOfAll(): void {
    this.#work.addAfter('allProfiles' satisfies Single, GATHER_MS);
  }

  /** Nodes may hold another set of files than they should, or do so no more. */
  bundles(): void {
    this.#work.addAfter('bundles' satisfies Single, GATHER_MS);
  }

  /** All recordings that are not complete: what nodes report concerns any of them. */
  openRecordings(): void {
    for (const [name, { status }] of this.#cluster.recordings) if (status?.state !== 'Complete') this.recording(name);
  }

  /** Those that make the profile with this file, also when they are complete: Pods that still log are told. */
  recordingsOf(file: string): void {
    for (const [name, recording] of this.#cluster.recordings)
      if (targetsOf(recording).some(target => target.file === file)) this.recording(name);
  }

  get #queues(): readonly WorkQueue[] {
    return [this.#work, this.#statuses, this.#lints];
  }

  #queue(concurrency: number, work: (key: string) => Promise<void>): WorkQueue {
    const onError = (key: string, error: unknown, attempt: number) => {
      // A conflict says only that there is newer news, which the watch brings.
      const log = isConflict(error) || attempt === 1 ? this.#log.debug : this.#log.warn;
      log('not done yet; trying again', { key, attempt, error: (error as Error).message });
      const [kind, name] = parseKey(key);
      if (kind === 'profile' && name !== undefined) this.status(name);
    };
    return new WorkQueue({ concurrency, work, backoff: BACKOFF, onError });
  }

  #carryOut(key: string): Promise<void> {
    const [kind, name] = parseKey(key);
    return name === undefined ? this.#tasks[kind as Single]() : this.#tasks[kind as Named](name);
  }
}

const keyOf = (kind: Named, name: string): string => `${kind}/${name}`;

function parseKey(key: string): [kind: string, name: string | undefined] {
  const slash = key.indexOf('/');
  return slash < 0 ? [key, undefined] : [key.slice(0, slash), key.slice(slash + 1)];
}

function add(queue: WorkQueue, key: string, when: When): void {
  if (when === 'listed') queue.addResync(key);
  else if (when > 0) queue.addAfter(key, when);
  else queue.add(key);
}
