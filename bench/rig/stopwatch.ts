import { type FSWatcher, watch } from 'node:fs';
import type { SeccompProfile } from '../../src/core/api/seccomp-profile.ts';
import { AGENT_NAMESPACE, PROFILE_ANNOTATION, RENDERED_SELECTOR } from '../../src/core/names.ts';
import { profileFileName } from '../../src/core/profile/file-name.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { readWatchEvent } from '../../src/kube/watch-event.ts';
import type { ConfigMap } from '../../src/operator/rendered-configmap.ts';
import { until } from '../../test/rig/until.ts';
import { isReady, PROFILES_PATH } from './profiles.ts';

/** When a profile got somewhere, on the clock of performance.now(). */
export interface Arrivals {
  /** Its ConfigMap at a client that does nothing but watch. */
  delivered?: number;
  /** Its file, by directory. */
  readonly files: Map<string, number>;
  /** Ready is True on a watch of profiles. */
  ready?: number;
}

/** Notes when each new profile arrives in these directories and on two watches. */
export class Stopwatch implements AsyncDisposable {
  readonly #arrivals = new Map<string, Arrivals>();
  readonly #watchers: FSWatcher[];
  readonly #abort = new AbortController();
  readonly #streams: Promise<unknown>;
  readonly #directories: readonly string[];

  constructor(transport: Transport, directories: readonly string[]) {
    this.#directories = directories;
    // inotify says the final name once the agent's rename has put the whole file there.
    this.#watchers = directories.map(directory => watch(directory, (_, file) => this.#onFile(directory, file)));
    this.#streams = Promise.allSettled([
      this.#stream<ConfigMap>(
        transport,
        `/api/v1/namespaces/${AGENT_NAMESPACE}/configmaps`,
        { labelSelector: RENDERED_SELECTOR },
        ({ metadata }, at) => {
          this.#of(metadata.annotations?.[PROFILE_ANNOTATION] ?? '').delivered ??= at;
        },
      ),
      this.#stream<SeccompProfile>(transport, PROFILES_PATH, {}, (profile, at) => {
        if (isReady(profile)) this.#of(profile.metadata.name).ready ??= at;
      }),
    ]);
  }

  /** Resolves once both watches have shown a profile that was Ready before: from then on they are live. */
  async live(profile: string): Promise<void> {
    await until('both watches are live', () => {
      const seen = this.#of(profile);
      return seen.delivered !== undefined && seen.ready !== undefined;
    });
  }

  /** Waits until the profile has arrived everywhere. */
  arrivals(profile: string): Promise<Required<Arrivals>> {
    const all = this.#of(profile);
    return until(
      `${profile} is on every node and Ready`,
      () =>
        all.delivered !== undefined &&
        all.ready !== undefined &&
        all.files.size === this.#directories.length &&
        (all as Required<Arrivals>),
      { everyMs: 5 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const watcher of this.#watchers) watcher.close();
    this.#abort.abort();
    await this.#streams;
  }

  #stream<K extends KubeObject>(
    transport: Transport,
    path: string,
    query: Record<string, string>,
    onObject: (object: K, at: number) => void,
  ): Promise<void> {
    return transport.stream(path, {
      query: { ...query, watch: true, timeoutSeconds: 3600 },
      signal: this.#abort.signal,
      idleTimeoutMs: 3_600_000,
      onLine: line => {
        const at = performance.now();
        const event = readWatchEvent<K>(line, path);
        if (event.type === 'ADDED' || event.type === 'MODIFIED') onObject(event.object, at);
      },
    });
  }

  #onFile(directory: string, file: string | null): void {
    const at = performance.now();
    const profile = file?.replace(/\.json$/, '') ?? '';
    if (file !== profileFileName(profile)) return;
    const { files } = this.#of(profile);
    if (!files.has(directory)) files.set(directory, at);
  }

  #of(profile: string): Arrivals {
    const known = this.#arrivals.get(profile);
    if (known) return known;
    const arrivals: Arrivals = { files: new Map() };
    this.#arrivals.set(profile, arrivals);
    return arrivals;
  }
}
